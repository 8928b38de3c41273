import { describe, expect, test } from "vitest";
import { faults } from "#harness/proof/faults/all.ts";
import { requirementIds, requirementOf } from "#suites/requirements/catalogue.ts";
import { explain, idFrom, nearestIds } from "./explain.ts";
import { readSteps, stepsIn } from "./steps.ts";

const steps = readSteps();

describe("an explanation", () => {
  test.each(requirementIds)("of %s has its rule, its source and a test that is there", (id) => {
    const text = explain(id, steps);
    const { title, source } = requirementOf(id);
    expect(text).toContain(`${id}  ${title}`);
    expect(text).toContain(source.url ?? source.text);
    expect(text).toMatch(/^ {6}(suites|harness\/conformance)\/\S+:\d+$/m);
  });

  test("has every fault that the requirement detects as a cause, with what a user suffers", () => {
    for (const { detectedBy, name, breaks, why } of faults) {
      for (const id of detectedBy) {
        const text = explain(id, steps);
        for (const part of [`FAULT=${name}`, breaks, why]) expect(text).toContain(part);
      }
    }
  });

  test("says where the specification asks for it", () => {
    expect(explain("CNI-13a", steps)).toContain(
      "CNI specification, main, 2, STATUS: MUST STATUS succeeds while ADD can be served",
    );
    expect(explain("CNM-3", steps)).toContain(
      "Remote Drivers, Errors: MUST a request that cannot be decoded",
    );
    expect(explain("M5", steps)).not.toContain("the specification asks");
  });

  test("says what looks, and what has a positive control beside it", () => {
    const text = explain("M5", steps);
    expect(text).toContain("capability names: containers of a network find each other by name");
    expect(text).toMatch(
      /looks with expectPingByName, expectNoName\n {6}with a positive control: expectNoName$/m,
    );
  });
});

test("a test is read over several lines, and what a template fills in is left open", () => {
  const title = ["$", '{count} probes, and "more"'].join("");
  const source = `requirement(\n  "M4",\n  \`${title}\`,\n  async () => expectPing(a, b),\n);`;
  expect(stepsIn("a.test.ts", source)).toEqual([
    {
      ...{ requirement: "M4", title: '… probes, and "more"', file: "a.test.ts", line: 1 },
      ...{ checks: ["expectPing"], controlled: [] },
    },
  ]);
});

test("an id is known in letters of either case, and one that is none leads to its neighbours", () => {
  expect(idFrom("m4")).toBe("M4");
  expect(idFrom("cni-4A")).toBe("CNI-4a");
  expect(idFrom("M44")).toBeUndefined();
  expect(nearestIds("M9")).toEqual(expect.arrayContaining(["M8", "M10"]));
  expect(nearestIds("Z1")).toEqual([]);
});
