import { readdirSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "#harness/core/project-root.ts";
import { readTracked } from "./tracked-files.ts";

/** A sample of code in a document: a fenced block of TypeScript. */
export interface Sample {
  /** e.g. `docs/drivers.md:12`. */
  readonly place: string;
  readonly code: string;
}

/** The samples of the documents on drivers, those of docs/drivers.md first. */
export function driverSamples(): Sample[] {
  const documents = readdirSync(join(projectRoot, "docs")).filter((name) =>
    /^(drivers.*|cni-profile)\.md$/.test(name),
  );
  documents.sort((one, other) => one.length - other.length);
  return documents.flatMap((name) => samplesOf(`docs/${name}`));
}

function samplesOf(document: string): Sample[] {
  const text = readTracked(document);
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(({ index, 1: code = "" }) => ({
    place: `${document}:${text.slice(0, index).split("\n").length}`,
    code,
  }));
}
