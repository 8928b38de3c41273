import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadDriver } from "#drivers/loader.ts";
import { requirementOf } from "#suites/requirements/catalogue.ts";
import { unprovedRequirements } from "./coverage.ts";
import { saboteurs } from "./saboteurs.ts";

const root = join(import.meta.dirname, "../..");

describe("the saboteurs", () => {
  it("and faults kill every MUST of the catalogue that is not said to be unprovable", () => {
    expect(unprovedRequirements().filter(({ reason }) => reason === undefined)).toEqual([]);
  });

  it("have names of their own", () => {
    const names = saboteurs.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });

  it.each(saboteurs.map((saboteur) => [saboteur.name, saboteur] as const))(
    "%s works on a chapter that is there and a driver that declares what it kills",
    async (_name, { chapter, driver, kills, acts }) => {
      expect(existsSync(join(root, "suites", chapter))).toBe(true);
      const { capabilities } = await loadDriver(driver);
      expect(
        kills.flatMap((id) => requirementOf(id).needs).filter((need) => !capabilities.includes(need)),
      ).toEqual([]);
      expect(kills).not.toEqual([]);
      expect(Object.keys(acts)).not.toEqual([]);
    },
  );

  it("never let a requirement both be killed and merely follow", () => {
    for (const { kills, mayFollow = [] } of saboteurs) {
      expect(kills.filter((id) => mayFollow.includes(id))).toEqual([]);
    }
  });
});
