import { type SpecVersion, specVersions } from "#suites/requirements/spec-version.ts";
import { ConfigurationError } from "./errors.ts";

export function isSpecVersion(version: string): version is SpecVersion {
  return (specVersions as readonly string[]).includes(version);
}

/** Whether `version` is `since` or later; both are known versions. */
export function atLeast(version: SpecVersion, since: SpecVersion): boolean {
  return specVersions.indexOf(version) >= specVersions.indexOf(since);
}

/**
 * The highest version that a configuration offers and the runtime speaks
 * (specification, section 1, "Version considerations").
 * Throws `ConfigurationError` when there is none.
 */
export function negotiateVersion(
  offered: readonly string[],
  spoken: readonly SpecVersion[] = specVersions,
): SpecVersion {
  const common = spoken.filter((version) => offered.includes(version));
  const highest = specVersions.findLast((version) => common.includes(version));
  if (highest) return highest;
  throw new ConfigurationError(
    `the configuration offers CNI ${offered.join(", ") || "(no version)"}, the runtime speaks ${spoken.join(", ")}`,
    { hint: "set cniVersion or cniVersions to a version that both know" },
  );
}
