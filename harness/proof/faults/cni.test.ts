import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { isProved } from "#harness/proof/runner/cni-rounds.ts";
import { requirementOf } from "#suites/requirements/catalogue.ts";
import { type CniRequirementId, cniRequirements } from "#suites/requirements/cni.ts";
import { cniFaults } from "./cni.ts";

const ids = Object.keys(cniRequirements) as CniRequirementId[];
const suites = new URL("../../../suites/cni/", import.meta.url);

test("every rule of the CNI tier is killed by a fault", () => {
  const killed = new Set(cniFaults.flatMap(({ detectedBy }) => detectedBy));
  expect(ids.filter((id) => !killed.has(id))).toEqual([]);
});

test("every rule of the CNI tier is cited by a test, or stands in for a newer one that is", async () => {
  const files = (await readdir(suites)).filter((name) => name.endsWith(".test.ts"));
  const sources = await Promise.all(files.map((name) => readFile(new URL(name, suites), "utf8")));
  const cited = new Set(ids.filter((id) => sources.some((source) => source.includes(`"${id}"`))));
  for (const id of cited) {
    const { predecessor } = requirementOf(id).appliesTo;
    if (predecessor) cited.add(predecessor as CniRequirementId);
  }
  expect(ids.filter((id) => !cited.has(id))).toEqual([]);
});

test("the debug plugin knows every fault, and no two have one name at one version", async () => {
  const folder = new URL("../../cni/debug-plugins/", import.meta.url);
  const files = (await readdir(folder)).filter((name) => name.endsWith(".cjs"));
  const plugin = (await Promise.all(files.map((name) => readFile(new URL(name, folder), "utf8")))).join("");
  expect(cniFaults.map(({ name }) => name).filter((name) => !plugin.includes(`is("${name}")`))).toEqual([]);
  const names = cniFaults.map(({ plugin: role, name, version }) => `${role}.${name} ${version}`);
  expect(new Set(names).size).toBe(names.length);
});

test("a proof holds when what must turn red does, and nothing else", () => {
  const proof = { plugin: "p", version: "1.1.0", why: "", detectedBy: ["CNI-1"], missed: [], strays: [] };
  expect(isProved(proof)).toBe(true);
  expect(isProved({ ...proof, missed: ["CNI-1"] })).toBe(false);
  expect(isProved({ ...proof, strays: ["CNI-2a something"] })).toBe(false);
});
