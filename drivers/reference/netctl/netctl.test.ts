import { expect, test } from "vitest";
import { readTable } from "#harness/tools/tutorial/compare/table.ts";
import { BadArguments, readArguments } from "./arguments.ts";
import { netctlTable } from "./table.ts";

const known = { t: { name: "tenant" }, tenant: { name: "tenant" }, q: { name: "quiet", switch: true } };

test("flags have one dash or two, and stand before or behind the words", () => {
  expect(readArguments(["a", "-t", "blue", "b"], known)).toEqual({
    words: ["a", "b"],
    flags: { tenant: "blue" },
  });
  expect(readArguments(["--tenant=blue", "-q", "a"], known)).toEqual({
    words: ["a"],
    flags: { tenant: "blue", quiet: "true" },
  });
});

test("what is not understood is refused with its name", () => {
  expect(() => readArguments(["-x"], known)).toThrow("flag provided but not defined: -x");
  expect(() => readArguments(["-t"], known)).toThrow(BadArguments);
});

test("a listing can be read back, empty cells and all", () => {
  const text = netctlTable(
    ["Tenant", "Gateway", "Tag"],
    [
      ["default", "", "7"],
      ["a-longer-one", "10.1.1.1", ""],
    ],
  );
  expect(text.split("\n")[1]).toMatch(/^------ +------- +---$/);
  expect(readTable(text.trimEnd().split("\n"))?.rows).toEqual([
    { Tenant: "default", Gateway: "", Tag: "7" },
    { Tenant: "a-longer-one", Gateway: "10.1.1.1", Tag: "" },
  ]);
});
