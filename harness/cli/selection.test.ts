import { expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { checkFilters, patternOf } from "./selection.ts";

test("a list of requirements selects the tests that cite one of them, and no others", () => {
  const pattern = new RegExp(patternOf("M4, B2"));
  expect("multihost M4 ping by address").toMatch(pattern);
  expect("B2 engine and interface agree").toMatch(pattern);
  expect("multihost M42 something else").not.toMatch(pattern);
  expect("multihost M5 ping").not.toMatch(new RegExp(patternOf("M4")));
});

test("a requirement that is not in the catalogue is refused with those that are", () => {
  expect(() => patternOf("M4,Z9")).toThrow(/--requirement Z9: no such requirement; expected .*M4/);
});

test("a suite is known by its folder or file, with or without ./", () => {
  checkFilters(projectRoot, ["suites/basics", "./suites/multihost/", "suites/external/external.test.ts"]);
  expect(() => checkFilters(projectRoot, ["suites/nosuch"])).toThrow(
    /suites\/nosuch: no such suite; expected one of .*suites\/basics/,
  );
});
