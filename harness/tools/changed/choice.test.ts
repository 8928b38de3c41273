import { expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { faults } from "#harness/proof/faults/all.ts";
import { chooseByChanges } from "./choice.ts";
import { chosenFaults, describeChoice } from "./describe.ts";
import type { Changes } from "./diff.ts";
import { ProjectSources } from "./project.ts";
import type { Lines } from "./source.ts";

const sources = ProjectSources.read(projectRoot);
const choose = (path: string, lines: readonly Lines[] | "whole" = "whole") =>
  chooseByChanges(new Map([[path, lines]]) satisfies Changes, sources, faults);
const names = (...given: Parameters<typeof choose>) => chosenFaults(choose(...given)).map(({ name }) => name);

test("a change in one test chooses the faults that it must detect", () => {
  const path = "suites/multihost/multihost.test.ts";
  const [m3] = sources.of(path)?.tests.filter(({ name }) => name === "M3") ?? [];
  expect(names(path, m3 ? [{ first: m3.first, last: m3.first }] : [])).toEqual(
    faults
      .filter(({ on, detectedBy }) => {
        const ids: readonly string[] = detectedBy;
        return on.tier === "chapters" && on.chapter === "multihost" && ids.includes("M3");
      })
      .map(({ name }) => name),
  );
});

test("a change beside the tests of a file chooses what any of them detects", () => {
  const found = names("suites/multihost/multihost.test.ts", [{ first: 1, last: 1 }]);
  expect(found).toEqual(expect.arrayContaining(["address-given-twice", "vxlan-dropped"]));
  expect(found).not.toContain("forwarding-entry-kept");
});

test("a change in one fault chooses that fault", () => {
  const path = "harness/proof/faults/wire.ts";
  const [block] = sources.of(path)?.objects.filter(({ name }) => name === "tunnel-evaded") ?? [];
  expect(names(path, block ? [block] : [])).toEqual(["tunnel-evaded"]);
  expect(names(path).length).toBeGreaterThan(3);
});

test("a change in one rule chooses the faults that it detects, and says which rule none detects", () => {
  const path = "suites/requirements/rules/tutorial.ts";
  const [m6] = sources.of(path)?.objects.filter(({ name }) => name === "M6") ?? [];
  const [choice] = choose(path, m6 ? [m6] : []);
  expect(choice?.faults.map(({ name }) => name)).toContain("tunnel-evaded");
  expect(choice?.unproved).toEqual([]);
  const [without] = chooseByChanges(
    new Map([[path, m6 ? [m6] : []]]),
    sources,
    faults.filter(({ detectedBy }) => !(detectedBy as readonly string[]).includes("M6")),
  );
  expect(without?.unproved).toEqual(["M6"]);
});

test("a driver chooses its faults, and what everything rests on one of each kind", () => {
  const kinds = (path: string) =>
    new Set(chosenFaults(choose(path)).map(({ on }) => (on.tier === "chapters" ? on.driver : on.tier)));
  expect(kinds("drivers/overlay.ts")).toContain("overlay");
  expect(kinds("drivers/overlay.ts").isDisjointFrom(new Set(["reference", "cni-bridge", "cnm"]))).toBe(true);
  const everywhere = choose("harness/core/errors.ts")[0];
  expect(everywhere?.left).toBeGreaterThan(50);
  expect(kinds("harness/core/errors.ts")).toEqual(
    new Set(faults.map(({ on }) => (on.tier === "chapters" ? on.driver : on.tier))),
  );
});

test("a file that no module imports counts as those that read it", () => {
  expect(names("harness/host/agent/python/agent.py").length).toBeGreaterThan(0);
  expect(names("docs/proof.md")).toEqual([]);
});

test("what was chosen is told with the reason, and what nothing covers by its name", () => {
  const changes: Changes = new Map([
    ["harness/proof/faults/wire.ts", "whole"],
    ["docs/proof.md", "whole"],
  ]);
  const told = describeChoice("abc1234", chooseByChanges(changes, sources, faults));
  expect(told).toContain("changed since abc1234: 2 files; ");
  expect(told).toContain(
    "  harness/proof/faults/wire.ts\n    what it injects: vxlan-dropped (overlay multihost)",
  );
  expect(told).toContain("covered by no fault: docs/proof.md");
});
