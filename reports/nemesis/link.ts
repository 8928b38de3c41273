import { basename } from "node:path";

/** Name of the page of plays, among the evidence of a test. */
export const timelinesFile = "timelines.html";

/** The page of plays among the evidence of a test, where there is one. */
export function timelinesIn(evidence: readonly string[]): string | undefined {
  return evidence.find((path) => basename(path) === timelinesFile);
}
