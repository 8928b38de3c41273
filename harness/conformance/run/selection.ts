import type { Plugin } from "vitest/config";
import { isRequirementId, type RequirementId } from "#suites/requirements/catalogue.ts";

/** A regular expression for titles of tests that cite one of these requirements, e.g. `multihost M4 the containers …`. */
export function titlePattern(ids: readonly RequirementId[]): string {
  return `(^|\\s)(${ids.map((id) => id.replaceAll(/[^\w]/g, "\\$&")).join("|")})\\s`;
}

/**
 * Plugin for a vitest config: `-t CNM-1`, or `-t M4,B2`, selects the tests of these requirements and not those of CNM-10. Any
 * other `-t` is the regular expression that it is for vitest.
 */
export function selectionById(): Plugin {
  return {
    name: "netconform:selection",
    configureVitest({ vitest }) {
      const { config } = vitest;
      const ids = config.testNamePattern?.source.split(",") ?? [];
      // vitest hands this on to every project once all of them are configured.
      if (ids.length > 0 && ids.every(isRequirementId))
        config.testNamePattern = new RegExp(titlePattern(ids));
    },
  };
}
