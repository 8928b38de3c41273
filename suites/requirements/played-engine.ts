/**
 * Engines whose side of the CNM protocol the suite plays, oldest first. One for each way in which Debian's and Docker's
 * engines speak to a plugin: what each sends was recorded from an engine of that version.
 */
export const playedEngines = ["20.10", "26.1", "28.5", "29.7"] as const;
export type PlayedVersion = (typeof playedEngines)[number];
export const newestPlayedEngine: PlayedVersion = "29.7";

/** A release of the engine: major and minor number. */
export type EngineRelease = `${number}.${number}`;

/** Whether one release came out before another. */
export function isOlderEngine(one: EngineRelease, other: EngineRelease): boolean {
  const [major = 0, minor = 0] = one.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split(".").map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
