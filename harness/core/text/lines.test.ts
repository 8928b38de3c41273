import { expect, test } from "vitest";
import { firstLineOf } from "./lines.ts";

test("the first line of a text has no space around it", () => {
  expect(firstLineOf("expected a, got b\n  more")).toBe("expected a, got b");
  expect(firstLineOf("\n  exit 2 \r\nmore\n")).toBe("exit 2");
  expect([firstLineOf(""), firstLineOf()]).toEqual(["", ""]);
});
