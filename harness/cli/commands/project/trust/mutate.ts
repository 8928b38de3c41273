import { readFileSync, writeFileSync } from "node:fs";
import { join, matchesGlob } from "node:path";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { progress } from "#harness/core/async/progress.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { writeInOneStep } from "#harness/core/process/draft.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { replaceBlock } from "#harness/core/text/markdown.ts";
import { typed } from "#harness/core/typed.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { installMissing, networkTools } from "#harness/host/setup/install.ts";
import { type Changes, changesSince } from "#harness/tools/changed/diff.ts";
import { areas } from "#harness/tools/mutation/areas.ts";
import type { Mutant } from "#harness/tools/mutation/mutant.ts";
import { type AreaResult, isBelowFloor, scoresTable, survivorLines } from "#harness/tools/mutation/report.ts";
import { needless } from "#harness/tools/mutation/survivors.ts";
import { tryMutants } from "#harness/tools/mutation/try-mutants.ts";

interface Options {
  readonly changed?: string | true;
  readonly docs?: boolean;
}

const document = join(projectRoot, "docs/mutants.md");

/** Mutants that nobody chose: what the unit tests notice of changed code. */
export const command = newCommand("mutate")
  .description(
    "Changes the code on the way to a verdict in every small way, one change at a time, and tells which changes no unit test notices. Exit code 1 where fewer are noticed than must be, or a reason for one is out of date.",
  )
  .argument("[areas...]", `only these: ${areas.map(({ name }) => name).join(", ")}`)
  .option(
    "--changed [ref]",
    "only on lines that a change touches, and every survivor among them counts; compared with this commit, default: where HEAD left main",
  )
  .option("--docs", "put the figures into docs/mutants.md as well; only with all areas")
  .action((names: string[], options: Options) => runMain(() => mutate(names, options)));

async function mutate(names: readonly string[], { changed, docs = false }: Options): Promise<number> {
  const unknown = names.find((name) => !areas.some((area) => area.name === name));
  if (unknown !== undefined) {
    throw new UsageError(`mutate: expected ${areas.map(({ name }) => name).join(", ")}, got ${unknown}`);
  }
  if (docs && (names.length > 0 || changed !== undefined))
    throw new UsageError("mutate: --docs is for all areas, whole: the page adds them up");
  const chosen = areas.filter(({ name }) => names.length === 0 || names.includes(name));
  const globs = chosen.flatMap(({ files }) => files);
  let patterns: readonly string[] = globs;
  if (changed !== undefined) {
    const { since, changes } = await changesSince(projectRoot, changed === true ? undefined : changed);
    patterns = linesOf(changes, globs);
    progress.say(`${patterns.length} places on the way to a verdict differ from ${since}`);
    if (patterns.length === 0) return 0;
  }
  await installMissing(new LocalHost(), progress, networkTools, "the project's own tests");
  const mutants = await tryMutants(patterns);
  const results = chosen
    .map((area): AreaResult => ({ area, mutants: mutants.filter((one) => isIn(area.files, one)) }))
    .filter(({ mutants: own }) => own.length > 0);

  const table = scoresTable(results);
  const survivors = survivorLines(mutants);
  const path = join(readSettings().REPORTS, "mutants.json");
  writeInOneStep(path, `${JSON.stringify(mutants, null, 2)}\n`);
  for (const line of survivors) console.log(line);
  console.log(`\n${table}\n\nEvery mutant: ${path}`);
  if (changed !== undefined) return survivors.length === 0 ? 0 : 1;
  const outdated = needless(mutants);
  for (const { files, code = "" } of outdated) {
    console.error(
      `${files} ${code}: a reason without a survivor; remove it from tools/mutation/survivors.ts`,
    );
  }
  const below = results.filter(isBelowFloor);
  for (const { area } of below) console.error(`${area.name}: tests kill fewer of its mutants than they must`);
  if (docs) writePage(table);
  return outdated.length + below.length === 0 ? 0 : 1;
}

function isIn(globs: readonly string[], { file }: Pick<Mutant, "file">): boolean {
  return globs.some((glob) => matchesGlob(file, glob));
}

/** Changed lines of files among these globs, as Stryker names them. */
function linesOf(changes: Changes, globs: readonly string[]): string[] {
  return [...changes]
    .filter(([file]) => isIn(globs, { file }) && !/\.(test|integration)\.ts$/.test(file))
    .flatMap(([file, lines]) =>
      lines === "whole" ? [file] : lines.map(({ first, last }) => `${file}:${first}-${last}`),
    );
}

/** Puts the table into the document, beside what people have written there. */
function writePage(table: string): void {
  const origin = `Made by \`${typed("mutate --docs")}\`, ${new Date().toISOString().slice(0, 10)}.`;
  const text = replaceBlock(readFileSync(document, "utf8"), "mutants", `\n${origin}\n\n${table}\n`);
  if (text === undefined)
    throw new HarnessError(`${document}: expected the comment <!-- mutants -->, got none`);
  writeFileSync(document, text);
}
