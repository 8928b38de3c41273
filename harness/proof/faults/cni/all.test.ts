import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { requirementOf } from "#suites/requirements/catalogue.ts";
import { type CniRequirementId, cniRequirements } from "#suites/requirements/rules/cni.ts";
import { cniFaults } from "./all.ts";
import { behaviour } from "./behaviour.ts";

const ids = Object.keys(cniRequirements) as CniRequirementId[];
const suites = new URL("../../../../suites/cni/", import.meta.url);

test("every rule of the CNI suite, whatever its level, detects a fault", () => {
  const detecting = new Set(cniFaults.flatMap(({ detectedBy }) => detectedBy));
  expect(ids.filter((id) => !detecting.has(id))).toEqual([]);
});

test("every rule of the CNI suite is cited by a test, or stands in for a newer one that is", async () => {
  // What every topic ends with is in the fixture.
  const files = (await readdir(suites)).filter((name) => name.endsWith(".test.ts") || name === "fixture.ts");
  const sources = await Promise.all(files.map((name) => readFile(new URL(name, suites), "utf8")));
  const cited = new Set(ids.filter((id) => sources.some((source) => source.includes(`"${id}"`))));
  for (const id of cited) {
    const { predecessor } = requirementOf(id).appliesTo;
    if (predecessor) cited.add(predecessor as CniRequirementId);
  }
  expect(ids.filter((id) => !cited.has(id))).toEqual([]);
});

test("a behaviour that a debug plugin does not have does not compile", () => {
  // @ts-expect-error: chained plugins make no interface whose name they could take over.
  expect(behaviour("debug-chained", "taken-name-accepted").on.plugin).toBe("debug-chained");
  // @ts-expect-error: no debug plugin knows it.
  expect(behaviour("debug-ipam", "nonesuch").on.plugin).toBe("debug-ipam");
});
