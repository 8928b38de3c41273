import { globSync, statSync } from "node:fs";
import { join } from "node:path";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { readReport } from "#harness/cli/selection/report.ts";
import { UsageError } from "#harness/core/errors.ts";
import { writeInOneStep } from "#harness/core/process/draft.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { markdownTable } from "#harness/core/text/markdown.ts";
import { statementSchema } from "#reports/conformance/schema.ts";
import { reportFiles } from "#reports/files.ts";
import { isOverBudget, type Standing, standingsIn, whyNotYet } from "#reports/flips/budget.ts";
import { type FlipLine, linesOf, mergeRecords, readRecord, writeRecord } from "#reports/flips/record.ts";
import { verifyStatement } from "#reports/verify/verify.ts";
import { isRequirementId } from "#suites/requirements/catalogue.ts";
import type { Decision } from "#suites/requirements/standing/decision.ts";
import { decisions } from "#suites/requirements/standing/decisions.ts";
import { isProvisional } from "#suites/requirements/standing/standing.ts";

interface Options {
  readonly record: string;
}

/** How steady requirements are, and which of them give a verdict. */
export const command = newCommand("flips")
  .description(
    "Counts over nights and machines how often requirements ended otherwise than usual, and decides by that which outcomes are verdicts.",
  )
  .option("--record <file>", "the record of flips, JSON lines", "reports/flips.jsonl");

command
  .command("add")
  .description("adds the statements in these files and folders, each run once, or the lines of other records")
  .argument(
    "<reports...>",
    "a conformance.json, a folder with some at any depth, or a .jsonl of another machine",
  )
  .action((reports: string[]) => runMain(() => add(reports, options())));
command
  .command("show", { isDefault: true })
  .description(
    "tells runs and flips of each requirement; exit code 1 where one that gives a verdict is over the budget",
  )
  .action(() => runMain(() => show(options())));
command
  .command("promote")
  .description("lets the outcomes of provisional requirements be verdicts, after 200 runs without a flip")
  .argument("<ids...>")
  .action((ids: string[]) => runMain(() => promote(ids, options())));
command
  .command("demote")
  .description("makes a requirement provisional: its outcome is told, and no verdict")
  .argument("<id>")
  .requiredOption("--because <reason>", "why, in a sentence")
  .action((id: string, { because }: { because: string }) => runMain(() => demote(id, because)));

function options(): Options {
  return command.opts<Options>();
}

async function add(reports: readonly string[], { record }: Options): Promise<number> {
  const before = readRecord(record);
  const found = reports.flatMap(linesIn);
  const after = mergeRecords(before, found);
  writeRecord(record, after);
  console.log(`${after.length - before.length} lines added to ${record}, which has ${after.length}`);
  return 0;
}

function linesIn(given: string): FlipLine[] {
  if (given.endsWith(".jsonl")) return readRecord(given);
  const isFolder = statSync(given, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const paths = isFolder ? globSync(`**/${reportFiles.statement}`, { cwd: given }) : [];
  const files = isFolder ? paths.map((path) => join(given, path)) : [given];
  if (files.length === 0) throw new UsageError(`${given}: expected statements in it, got none`);
  return files.flatMap((file) => {
    const { path, text, folder } = readReport(file);
    const { statement, findings } = verifyStatement(text, { folder });
    if (statement) return linesOf(statementSchema.parse(statement));
    throw new UsageError(`${path}: expected a statement, got ${findings[0]?.field}: ${findings[0]?.what}`);
  });
}

async function show({ record }: Options): Promise<number> {
  const standings = standingsIn(readRecord(record));
  const rows = standings.map((standing) => {
    const { requirement, quiet, busy } = standing;
    const figures = [quiet, busy].flatMap(({ runs, flips }) => [String(runs), String(flips)]);
    return [requirement, isProvisional(requirement) ? "provisional" : "", ...figures, whatOf(standing)];
  });
  const head = ["requirement", "", "quiet runs", "flips", "busy runs", "flips", ""];
  console.log(markdownTable(head, rows));
  const over = standings.filter((one) => isOverBudget(one) && !isProvisional(one.requirement));
  return over.length === 0 ? 0 : 1;
}

function whatOf(standing: Standing): string {
  if (isOverBudget(standing)) return "over the budget";
  if (!isProvisional(standing.requirement)) return "";
  return whyNotYet(standing) ?? "can be promoted";
}

async function promote(ids: readonly string[], { record }: Options): Promise<number> {
  const made = ids.map((id): Decision => {
    if (!isProvisional(known(id)))
      throw new UsageError(`${id}: expected a provisional requirement, got one that counts`);
    // What was before it was demoted is why it was.
    const since = decisions.findLast(({ requirement }) => requirement === id)?.on ?? "";
    const lines = readRecord(record).filter(({ at }) => at > since);
    const standing = standingsIn(lines).find(({ requirement }) => requirement === id);
    const why = standing ? whyNotYet(standing) : "no run of it";
    if (!standing || why !== undefined)
      throw new UsageError(`${id}: expected 200 runs without a flip, got ${why}`);
    const { quiet, busy } = standing;
    const machines = new Set(lines.map(({ machine, cpus }) => `${machine}, ${cpus} processors`));
    const because = `${quiet.runs} quiet and ${busy.runs} busy runs without a flip, on ${[...machines].join("; ")}`;
    return { requirement: id, to: "settled", on: today(), because };
  });
  return decide(made);
}

async function demote(id: string, because: string): Promise<number> {
  if (isProvisional(known(id)))
    throw new UsageError(`${id}: expected a requirement that counts, got a provisional one`);
  if (because.trim() === "") throw new UsageError("--because: expected a reason, got none");
  return decide([{ requirement: id, to: "provisional", on: today(), because: because.trim() }]);
}

function known(id: string): string {
  if (isRequirementId(id)) return id;
  throw new UsageError(`${id}: no such requirement`);
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function decide(made: readonly Decision[]): number {
  const lines = [...decisions, ...made].map((decision) => {
    const fields = Object.entries(decision).map(([name, value]) => `    ${name}: ${JSON.stringify(value)},`);
    return ["  {", ...fields, "  },"].join("\n");
  });
  const path = join(projectRoot, "suites/requirements/standing/decisions.ts");
  writeInOneStep(
    path,
    `import type { Decision } from "./decision.ts";

/** What was decided since, the newest last. Written by \`npm run flips\`. */
export const decisions: readonly Decision[] = [
${lines.join("\n")}
];
`,
  );
  for (const { requirement, to, because } of made) console.log(`${requirement} is ${to}: ${because}`);
  return 0;
}
