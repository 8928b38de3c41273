import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { UsageError } from "#harness/core/errors.ts";
import { parseJson } from "#harness/core/text/json.ts";
import { describeMisfits } from "#harness/core/text/misfits.ts";
import type { Requirements } from "#reports/seal/suite.ts";
import { statementAt } from "./failed.ts";

/** A statement as it lies on the disk. */
export interface Report {
  readonly path: string;
  readonly text: string;
  /** In which the files are that it names. */
  readonly folder: string;
}

/** The statement that a word means: a file, or one in a folder of reports. Throws `UsageError` where there is none. */
export function readReport(given: string): Report {
  const path = statementAt(given);
  if (path === undefined || !statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw new UsageError(`${given}: expected a conformance.json, or a folder with one, got none`);
  }
  return { path, text: readFileSync(path, "utf8"), folder: dirname(path) };
}

const requirement = z.looseObject({ title: z.string(), level: z.string(), profile: z.string() });

/** The catalogues of other versions in a folder: JSON files of requirements by id. Throws `UsageError` for one that is none. */
export function readCatalogues(folder: string | undefined): Requirements[] {
  if (folder === undefined) return [];
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`--catalogues ${folder}: expected a folder, got none`);
  }
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => readCatalogue(join(folder, name)));
}

function readCatalogue(path: string): Requirements {
  const wrong = (got: string) => new UsageError(`${path}: expected a catalogue, got ${got}`);
  const json = parseJson(readFileSync(path, "utf8"));
  if (!json.ok) throw wrong(json.reason);
  const read = z.record(z.string(), requirement).safeParse(json.value);
  if (!read.success) throw wrong(`something else\n${describeMisfits(read.error, json.value)}`);
  // Its digest decides whether a statement was judged by it; what it says is taken as that version had it.
  return read.data as unknown as Requirements;
}
