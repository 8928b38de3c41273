import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadDriver } from "#drivers/loader.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { unprovedRequirements } from "#harness/proof/report/coverage.ts";
import { requirementOf } from "#suites/requirements/catalogue.ts";
import { faults } from "./all.ts";

const root = projectRoot;

describe("the faults", () => {
  it("and faults kill every MUST of the catalogue that is not said to be unprovable", () => {
    expect(unprovedRequirements().filter(({ reason }) => reason === undefined)).toEqual([]);
  });

  it("have names of their own", () => {
    const names = faults.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });

  it.each(faults.map((fault) => [fault.name, fault] as const))(
    "%s works on a chapter that is there and a driver that declares what it detectedBy",
    async (_name, { chapter, driver, detectedBy, acts }) => {
      expect(existsSync(join(root, "suites", chapter))).toBe(true);
      const { capabilities } = await loadDriver(driver);
      expect(
        detectedBy
          .flatMap((id) => requirementOf(id).appliesTo.capabilities ?? [])
          .filter((need) => !capabilities.includes(need)),
      ).toEqual([]);
      expect(detectedBy).not.toEqual([]);
      expect(Object.keys(acts)).not.toEqual([]);
    },
  );

  it("never let a requirement both be killed and merely follow", () => {
    for (const { detectedBy, mayFollow = [] } of faults) {
      expect(detectedBy.filter((id) => mayFollow.includes(id))).toEqual([]);
    }
  });
});
