import { expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { checkCited, checkFilters, patternOf } from "./selection.ts";

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

test("a chapter that has none of the requirements is refused with the one that has them", () => {
  checkCited(projectRoot, ["suites/basics", "multihost"], ["M4"]);
  checkCited(projectRoot, ["multihost"], ["M4", "B2"]);
  checkCited(projectRoot, [], ["M4"]);
  expect(() => checkCited(projectRoot, ["suites/basics"], ["M4", "X7"])).toThrow(
    /suites\/basics: none of its tests is of M4, X7\n.*M4 is in suites\/multihost; X7 is in suites\/datapath$/,
  );
  expect(() => checkCited(projectRoot, ["datapath/publishing"], ["X7"])).toThrow(
    /none of its tests is of X7/,
  );
});

test("what judges every chapter is in each of them", () => {
  checkCited(projectRoot, ["suites/basics"], ["C1"]);
});
