import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Commands } from "#harness/cli/commands.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { replaceBlock } from "#harness/core/text/markdown.ts";
import { benchHistoryTable, benchmarksTable, benchTable } from "./tables/benchmarks.ts";
import { capabilitiesTable, driversTable, featuresTable } from "./tables/capabilities.ts";
import { commandsTable } from "./tables/commands.ts";
import { faultsTable, hopsTable } from "./tables/faults.ts";
import {
  causesTable,
  nodeCapabilitiesTable,
  outcomesTable,
  providersTable,
  settingsTable,
} from "./tables/plain.ts";
import { notOverCniTable, requirementsTable } from "./tables/requirements.ts";
import {
  cniSpecification,
  cnmSpecification,
  specificationGaps,
  specificationReasons,
  specificationTexts,
} from "./tables/specification.ts";

/** A table that a program knows, and the document that holds it between `<!-- name -->` and `<!-- /name -->`. */
interface GeneratedTable {
  readonly document: string;
  readonly name: string;
  /** The table as Markdown. */
  readonly make: (commands: Commands) => string | Promise<string>;
}

/** Every table in docs/ that is made and not written, apart from those that need a run: CNI plugins. */
export const generatedTables: readonly GeneratedTable[] = [
  { document: "docs/settings.md", name: "settings", make: settingsTable },
  { document: "docs/commands.md", name: "commands", make: commandsTable },
  { document: "docs/capabilities.md", name: "capabilities", make: capabilitiesTable },
  { document: "docs/capabilities.md", name: "drivers", make: driversTable },
  { document: "docs/capabilities.md", name: "features", make: featuresTable },
  { document: "docs/requirements.md", name: "requirements", make: requirementsTable },
  { document: "docs/requirements.md", name: "not-over-cni", make: notOverCniTable },
  { document: "docs/specification.md", name: "texts", make: specificationTexts },
  { document: "docs/specification.md", name: "reasons", make: specificationReasons },
  { document: "docs/specification.md", name: "gaps", make: specificationGaps },
  { document: "docs/specification.md", name: "cni", make: cniSpecification },
  { document: "docs/specification.md", name: "cnm", make: cnmSpecification },
  { document: "docs/outcomes-and-reports.md", name: "outcomes", make: outcomesTable },
  { document: "docs/outcomes-and-reports.md", name: "causes", make: causesTable },
  { document: "docs/proof.md", name: "hops", make: hopsTable },
  { document: "docs/proof.md", name: "faults", make: faultsTable },
  { document: "docs/clusters.md", name: "providers", make: providersTable },
  { document: "docs/clusters.md", name: "node-capabilities", make: nodeCapabilitiesTable },
  { document: "docs/benchmarks.md", name: "benchmarks", make: benchmarksTable },
  { document: "docs/benchmarks.md", name: "bench", make: benchTable },
  { document: "docs/benchmarks.md", name: "bench-history", make: benchHistoryTable },
];

/**
 * Documents whose tables are not what the programs know now: path and the text that it must have. `commands` are all
 * sub-commands; they are passed because the command that writes the documents is one of them.
 */
export async function staleDocuments(commands: Commands): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const { document, name, make } of generatedTables) {
    const text = texts.get(document) ?? readDocument(document);
    const replaced = replaceBlock(text, name, `\n${await make(commands)}\n`);
    if (replaced === undefined) throw new Error(`${document} has no place for the table ${name}`);
    texts.set(document, replaced);
  }
  for (const [document, text] of texts) if (text === readDocument(document)) texts.delete(document);
  return texts;
}

/** Writes the stale documents; resolves to their paths. */
export async function writeDocuments(commands: Commands): Promise<string[]> {
  const stale = await staleDocuments(commands);
  for (const [document, text] of stale) writeFileSync(join(projectRoot, document), text);
  return [...stale.keys()];
}

function readDocument(document: string): string {
  return readFileSync(join(projectRoot, document), "utf8");
}
