import { expect, test } from "vitest";
import { isOwnerless, labels, labelsOf } from "./labels.ts";

test("what a process of this machine made is nobody's once that is gone; of another machine's processes nobody can tell", () => {
  const own = labelsOf({ id: "nc-0a1b2c", cache: "/cache" });
  expect(isOwnerless(own)).toBe(false);
  const gone = { ...own, [labels.owner]: `${process.pid}:1` };
  expect(isOwnerless(gone)).toBe(true);
  expect(isOwnerless({ ...gone, [labels.host]: "another-machine.example" })).toBe(false);
});
