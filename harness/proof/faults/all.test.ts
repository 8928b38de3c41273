import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadDriver } from "#drivers/loader.ts";
import { churnFaultNames } from "#drivers/reference/faults/churn/table.ts";
import { referenceCniFaultNames } from "#drivers/reference/faults/tables/cni.ts";
import { cnmFaultNames } from "#drivers/reference/faults/tables/cnm.ts";
import { referenceFaultNames } from "#drivers/reference/faults/tables/network.ts";
import { nodeFaultNames } from "#drivers/reference/faults/tables/nodes.ts";
import { policyMutantNames } from "#drivers/reference/faults/tables/policy.ts";
import { debugFaults } from "#harness/cni/debug-plugins/faults.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { describePlace, type Fault, isOfTier, isOwnDefect } from "#harness/proof/fault.ts";
import { unprovedRequirements } from "#harness/proof/report/coverage.ts";
import { hopStandingOf, unfollowedRequirements } from "#harness/proof/report/unfollowed.ts";
import { isRequirementId, requirementOf } from "#suites/requirements/catalogue.ts";
import { cnmRequirements } from "#suites/requirements/rules/cnm.ts";
import { chapterFaults, faults } from "./all.ts";

const called = ({ on, name }: Fault) => `${on.tier} ${describePlace(on)} ${name}`;

describe("the faults", () => {
  it("are detected by every MUST of the catalogue", () => {
    expect(unprovedRequirements()).toEqual([]);
  });

  it.each(Object.keys(cnmRequirements))("are detected by %s, whatever its level", (id) => {
    const detected = faults.filter(
      (fault) => isOfTier(fault, "cnm") && fault.detectedBy.some((one) => one === id),
    );
    expect(detected).not.toEqual([]);
  });

  it("have names of their own: in all chapters, which are told one by its name alone, and in every other place", () => {
    const names = chapterFaults.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    const all = faults.map(called);
    expect(all).toEqual([...new Set(all)]);
  });

  it.each(faults.map((fault) => [called(fault), fault] as const))(
    "%s: says what it breaks and why that matters, and which requirements detect it",
    (_name, { breaks, why, detectedBy, mayFollow = [] }) => {
      expect(breaks).toMatch(/\S/);
      expect(why).toMatch(/\S/);
      expect(why).not.toBe(breaks);
      expect(detectedBy).not.toEqual([]);
      expect([...detectedBy, ...mayFollow].filter((id) => !isRequirementId(id))).toEqual([]);
    },
  );

  it("never let a requirement both have to turn red and merely follow, but in lists that protocol faults share", () => {
    const both = faults.filter(
      ({ on, detectedBy, mayFollow = [] }) =>
        on.tier !== "cnm" && detectedBy.some((id) => mayFollow.some((one) => one === id)),
    );
    expect(both).toEqual([]);
  });

  it.each(chapterFaults.map((fault) => [fault.name, fault] as const))(
    "%s: works on a chapter that is there and a driver that declares what must detect it",
    async (_name, { on: { chapter, driver, runtime }, detectedBy, inject }) => {
      expect(existsSync(join(projectRoot, "suites", chapter))).toBe(true);
      const settings = readSettings(runtime ? { RUNTIME: runtime } : {});
      const { capabilities } = await loadDriver(driver, settings);
      expect(
        detectedBy
          .flatMap((id) => requirementOf(id).appliesTo.capabilities ?? [])
          .filter((need) => !capabilities.includes(need)),
      ).toEqual([]);
      expect(Object.keys(inject)).not.toEqual([]);
    },
  );

  it.each(chapterFaults.map((fault) => [fault.name, fault] as const))(
    "%s: names its hop, or why it has none, unless nothing that detects it is followed on its way",
    (_name, fault) => {
      expect(hopStandingOf(fault)).toBeDefined();
      const { hop = [] } = fault;
      const texts = "none" in hop ? [hop.none] : hop;
      expect(texts.filter((text) => !/\S/.test(text))).toEqual([]);
      if (fault.hop !== undefined) expect(texts).not.toEqual([]);
    },
  );

  it("name no hop that only requirements could tell which are said not to be followed", () => {
    const wrong = chapterFaults.filter(
      ({ hop, detectedBy }) =>
        hop !== undefined && detectedBy.every((id) => unfollowedRequirements.includes(id)),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it("have a fault for every requirement that is said not to be followed", () => {
    const detected = new Set<string>(chapterFaults.flatMap(({ detectedBy }) => detectedBy));
    expect(unfollowedRequirements.filter((id) => !detected.has(id))).toEqual([]);
  });

  it("are an engine's own once at most at each place, whose other cases are run with what mends it", () => {
    const places = faults.filter(isOwnDefect).map(({ on }) => describePlace(on));
    expect(places).not.toEqual([]);
    expect(places).toEqual([...new Set(places)]);
  });

  it("inject everything that the reference plugin and the debug plugins can be told to do wrong", () => {
    const injected = new Set(
      faults.flatMap(({ inject }) => [
        ...("switchOn" in inject ? [inject.switchOn] : []),
        ...("behaviour" in inject ? [inject.behaviour] : []),
      ]),
    );
    const known = [
      ...cnmFaultNames,
      ...referenceFaultNames,
      ...nodeFaultNames,
      ...churnFaultNames,
      ...policyMutantNames,
      ...referenceCniFaultNames,
      ...Object.values(debugFaults).flat(),
    ];
    expect(known.filter((name) => !injected.has(name))).toEqual([]);
  });
});
