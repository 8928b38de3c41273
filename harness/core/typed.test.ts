import { expect, test } from "vitest";
import { typed, typedName } from "./typed.ts";

test("in a checkout a command is an npm script, whose arguments come after --", () => {
  expect(typed("report")).toBe("npm run report");
  expect(typed("cluster down nc-1")).toBe("npm run cluster -- down nc-1");
  expect(typed("reference net ls", { silent: true })).toBe("npm run -s reference -- net ls");
  expect(typed("test")).toBe("npm test");
  expect(typedName("conform")).toBe("npm run conform --");
});
