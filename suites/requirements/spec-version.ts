/** Versions of the CNI specification that the runtime speaks, oldest first. */
export const specVersions = ["0.3.1", "0.4.0", "1.0.0", "1.1.0"] as const;
export type SpecVersion = (typeof specVersions)[number];
