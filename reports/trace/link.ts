import { basename } from "node:path";

/** Where the page of a trace lies: beside it. */
export function pageOf(trace: string): string {
  return trace.replace(/\.json$/, ".html");
}

/** The page among the evidence of a failure that tells it as a whole, where there is one, and the other files. */
export function partEvidence(evidence: readonly string[]): { page?: string; files: string[] } {
  const page = evidence.find(isTracePage);
  return { ...(page === undefined ? {} : { page }), files: evidence.filter((file) => file !== page) };
}

function isTracePage(path: string): boolean {
  return basename(path) === "trace.html";
}
