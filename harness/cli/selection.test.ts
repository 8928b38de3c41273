import { describe, expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { commandFor } from "#harness/tools/explain/command-for.ts";
import { requirementIds, requirementOf } from "#suites/requirements/catalogue.ts";
import { chaptersFor, checkCited, checkFilters, patternOf, presentChapters } from "./selection.ts";

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

describe("requirements without a chapter", () => {
  const usual = presentChapters();
  const among = [...presentChapters({ onDemand: true }), "cni"];
  const chosen = (...ids: Parameters<typeof chaptersFor>[1]) =>
    chaptersFor(projectRoot, ids, { usual, among });
  const allUsual = usual.map((chapter) => `suites/${chapter}/`);

  test("pull in the chapters that run on demand alone, and the CNI suite", () => {
    expect(chosen("H2")).toEqual(["suites/connections/"]);
    expect(chosen("D1", "D6b", "M12")).toEqual(["suites/disorder/", "suites/connections/"]);
    expect(chosen("CNI-4a")).toEqual(["suites/cni/"]);
    expect(chosen("M4", "H2")).toEqual([...allUsual, "suites/connections/"]);
  });

  test("leave the usual chapters as they are where these have them, or all of them are judged", () => {
    expect(chosen()).toEqual(allUsual);
    expect(chosen("M4", "B2")).toEqual(allUsual);
    expect(chosen("C1")).toEqual(allUsual);
  });

  test("are refused with the line that runs them where no driver has them", () => {
    expect(() => chosen("M4", "CNM-8")).toThrow(
      /^CNM-8: no chapter has it, but suites\/cnm\n.*npx vitest run suites\/cnm -t CNM-8$/,
    );
  });

  test.each(requirementIds)("%s: the line that explain has leads to its tests", (id) => {
    if (requirementOf(id).profile === "cnm") expect(commandFor(id)).toContain("suites/cnm -t");
    else checkCited(projectRoot, chosen(id), [id]);
  });
});
