import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "#harness/core/errors.ts";
import { costOfChapters, costOfTests } from "#reports/conformance/cost/chapters.ts";
import { mergeCauses } from "#reports/conformance/outcome/causes.ts";
import { judgeProfile, worstOf } from "#reports/conformance/outcome/verdict.ts";
import type { RequirementResult, TargetStatement } from "#reports/conformance/schema.ts";
import { reportFiles } from "#reports/files.ts";
import type { Cell, Matrix } from "#reports/matrix/schema.ts";
import { readMatrix } from "#reports/matrix/write.ts";
import { outputFile } from "./cell-run.ts";
import { assemble, notBegun } from "./matrix-run.ts";
import type { PlannedCell } from "./plan/plan.ts";

/**
 * Puts runs from several folders together in `folder`: cells of different engines side by side, parts of one cell (vitest's
 * `--shard`) into one. Evidence is copied. What is missing, a part of a cell or a cell of `expected`, is never
 * taken for green. Throws `UsageError` for a folder without a matrix, and for cells that both hold the same test.
 */
export function mergeMatrices(
  folders: readonly string[],
  folder: string,
  expected: readonly PlannedCell[] = [],
): Matrix {
  const parts = folders.map((from) => ({ from, matrix: readMatrix(from) }));
  const [first] = parts;
  if (!first) throw new UsageError("there is nothing to merge: no folder was given");
  const cells = new Map<string, Cell>();
  for (const { from, matrix } of parts) {
    for (const cell of matrix.cells) {
      const other = cells.get(cell.name);
      cells.set(cell.name, other ? mergeCells(other, cell, from) : cell);
      if (from !== folder) copy(join(from, cell.folder), join(folder, cell.folder), other !== undefined);
    }
  }
  for (const [name, cell] of cells) {
    const missing = missingShards(parts.map(({ matrix }) => matrix).filter((part) => holds(part, name)));
    if (missing === undefined) continue;
    const because = [cell.because, missing].filter(Boolean).join("; ");
    cells.set(name, { ...cell, state: cell.state === "complete" ? "incomplete" : cell.state, because });
  }
  for (const cell of expected) {
    if (![...cells.values()].some((one) => isMeant(one, cell)))
      cells.set(cell.name, notBegun(cell, "broken", "none of the merged reports has it"));
  }
  const runs = parts.map(({ matrix }) => matrix.run);
  const starts = runs.map(({ startedAt }) => Date.parse(startedAt));
  const ends = runs.map(({ durationMs }, index) => (starts[index] ?? 0) + durationMs);
  const start = Math.min(...starts);
  const merged = assemble({
    id: first.matrix.run.id,
    startedAt: new Date(start),
    durationMs: Math.max(...ends) - start,
    selected: [...new Set(runs.flatMap(({ selection }) => selection))],
    interrupted: runs.some(({ interrupted }) => interrupted),
    clusters: 1,
    cells: [...cells.values()],
    environment: first.matrix.environment,
  });
  return {
    ...merged,
    speed: speedOfParts(
      merged,
      parts.map(({ matrix }) => matrix),
    ),
  };
}

/** An engine whose version only the machine knew that ran it goes by the word that asked for it. */
function isMeant({ name, driver, firewall, asked }: Cell, cell: PlannedCell): boolean {
  return name === cell.name || (asked === cell.word && driver === cell.driver && firewall === cell.firewall);
}

function holds(matrix: Matrix, cell: string): boolean {
  return matrix.cells.some(({ name }) => name === cell);
}

/** Which parts of a cell none of these reports has; `undefined` when they are all there. */
function missingShards(parts: readonly Matrix[]): string | undefined {
  const shards = parts.flatMap(({ run: { shard } }) => shard ?? []);
  const count = Number(shards[0]?.split("/")[1] ?? 0);
  const all = Array.from({ length: count }, (_, index) => `${index + 1}/${count}`);
  const missing = all.filter((shard) => !shards.includes(shard));
  return missing.length === 0 ? undefined : `none of the merged reports has its shard ${missing.join(", ")}`;
}

/** Machines that ran side by side: the slowest part is the wall time, and their clusters add up. */
function speedOfParts(merged: Matrix, parts: readonly Matrix[]): Matrix["speed"] {
  const wallMs = Math.max(...parts.map(({ speed }) => speed.wallMs));
  const clusters = parts.reduce((sum, { speed }) => sum + speed.clusters, 0);
  const { longestRunMs, engines } = merged.speed;
  const bound = (longestRunMs * engines) / clusters;
  return { wallMs, clusters, engines, longestRunMs, ratio: bound > 0 ? wallMs / bound : 0 };
}

/** `further`: another part of the cell is there already. What each part said of itself would then be taken for the whole. */
function copy(from: string, to: string, further: boolean): void {
  mkdirSync(to, { recursive: true });
  const output = join(to, outputFile);
  const before = further && existsSync(output) ? readFileSync(output, "utf8") : "";
  cpSync(from, to, { recursive: true });
  if (!further) return;
  for (const name of [reportFiles.statement, reportFiles.junit]) rmSync(join(to, name), { force: true });
  if (existsSync(output)) writeFileSync(output, `${before}${readFileSync(output, "utf8")}`);
}

function mergeCells(one: Cell, other: Cell, from: string): Cell {
  const targets = [one, other].flatMap(({ target }) => target ?? []);
  const complete = one.state === "complete" && other.state === "complete";
  const worse = one.state === "complete" ? other : one;
  const because = [...new Set([one.because, other.because].filter((text) => text !== undefined))].join("; ");
  const target =
    targets[0] && targets[1] ? mergeTargets(targets[0], targets[1], !complete, from) : targets[0];
  return {
    ...one,
    state: worse.state,
    ...(because === "" ? {} : { because }),
    durationMs: one.durationMs + other.durationMs,
    exitCode: worse.exitCode,
    ...(target ? { target } : {}),
    errors: [...one.errors, ...other.errors],
  };
}

/** Two parts of what one target shows. A requirement that both show gets the worse outcome, as in one run. */
function mergeTargets(
  one: TargetStatement,
  other: TargetStatement,
  cutShort: boolean,
  from: string,
): TargetStatement {
  const results = one.results.map((result) => {
    const match = other.results.find(({ requirement }) => requirement === result.requirement);
    return match ? mergeResults(result, match, `${one.name} in ${from}`) : result;
  });
  const more = other.results.filter(
    ({ requirement }) => !results.some((result) => result.requirement === requirement),
  );
  const all = [...results, ...more];
  const profiles = [...new Set(all.map(({ profile }) => profile))];
  const chapters = [...(one.chapters ?? []), ...(other.chapters ?? [])];
  return {
    ...one,
    ...(chapters.length > 0 ? { chapters, ...costOfChapters(chapters) } : {}),
    versions: { ...one.versions, ...other.versions },
    causes: mergeCauses(one.causes, other.causes),
    results: all,
    profiles: profiles.map((profile) =>
      judgeProfile(
        profile,
        all.filter((result) => result.profile === profile),
        cutShort,
      ),
    ),
  };
}

function joinShort(one: RequirementResult, other: RequirementResult): Pick<RequirementResult, "cost"> {
  return costOfTests([one, other].map(({ cost }) => (cost ? { cost: { ...cost, parts: [] } } : {})));
}

function mergeResults(one: RequirementResult, other: RequirementResult, where: string): RequirementResult {
  if (other.outcome === "not run" && other.tests.length === 0) return one;
  if (one.outcome === "not run" && one.tests.length === 0) return other;
  const twice = one.tests.find(({ name, file, outcome }) =>
    other.tests.some(
      (test) => test.name === name && test.file === file && ![test.outcome, outcome].includes("not run"),
    ),
  );
  if (twice) {
    throw new UsageError(`${where}: expected each test once, got "${twice.name}" a second time`, {
      hint: "merge folders of different engines, drivers or shards of one run",
    });
  }
  const outcome = worstOf([one.outcome, other.outcome]);
  const [worse, better] = outcome === one.outcome ? [one, other] : [other, one];
  const facts = { ...better.facts, ...worse.facts };
  const causes = [...new Set([...(worse.causes ?? []), ...(better.causes ?? [])])];
  const notes = [...(worse.notes ?? []), ...(better.notes ?? [])];
  const files = { ...better.files, ...worse.files };
  // What is put together here is no result that a run has sealed.
  const { digest: _, ...unsealed } = worse;
  return {
    ...unsealed,
    ...(Object.keys(files).length > 0 ? { files } : {}),
    ...(Object.keys(facts).length > 0 ? { facts } : {}),
    ...(notes.length > 0 ? { notes } : {}),
    ...(causes.length > 0 ? { causes } : {}),
    durationMs: one.durationMs + other.durationMs,
    ...joinShort(one, other),
    evidence: [...new Set([...worse.evidence, ...better.evidence])],
    tests: [...worse.tests, ...better.tests],
  };
}
