import { join } from "node:path";
import { compareVersions } from "#harness/core/compare-versions.ts";
import { withLock } from "#harness/core/process/lock.ts";
import { generateAllureReport } from "#reports/allure/report.ts";
import { formatFailures } from "#reports/conformance/console/failures.ts";
import { type Look, lookOf } from "#reports/conformance/console/look.ts";
import { causesOf } from "#reports/conformance/outcome/causes.ts";
import { formatDuration } from "#reports/conformance/words.ts";
import { counted } from "#reports/matrix/changes.ts";
import { formatSpeed } from "#reports/matrix/markdown.ts";
import { formatCounts } from "#reports/matrix/outcomes.ts";
import type { Matrix } from "#reports/matrix/schema.ts";
import { gatherAllureResults, matrixFiles, writeMatrix } from "#reports/matrix/write.ts";
import { driftBetweenEngines, driftOverNights } from "./drift.ts";
import { pastRunOf, readHistory, reviewHistory, writeHistory } from "./history.ts";
import { countMatrix } from "./matrix-run.ts";

/** Two engine versions, the earlier one first. */
export type Pair = [string, string];

/** Writes every report of a matrix into `folder`, its run into the history, and its end on the console. Yields the exit code. */
export async function reportMatrix(
  matrix: Matrix,
  folder: string,
  { historyPath, nights, between }: { historyPath: string; nights: number; between: Pair | undefined },
): Promise<number> {
  const counts = countMatrix(matrix);
  const runs = await withLock(historyPath, async () => {
    const history = readHistory(historyPath).filter(({ id }) => id !== matrix.run.id);
    const plain = matrix.cells.map(({ engine }) => engine).filter((engine) => !/[[+]/.test(engine));
    const engines = [...new Set(plain)].sort(compareVersions);
    const pair = between ?? (engines.length > 1 ? [engines[0] ?? "", engines.at(-1) ?? ""] : undefined);
    const earlier = history.filter(({ at }) => at < matrix.run.startedAt);
    matrix.drift.push(driftOverNights(matrix.cells, earlier));
    if (pair) matrix.drift.push(driftBetweenEngines(matrix.cells, pair[0], pair[1]));
    const now = pastRunOf(matrix);
    return Object.keys(now.cells).length > 0 ? writeHistory(historyPath, history, now, nights) : history;
  });
  writeMatrix(matrix, folder, { counts, review: reviewHistory(runs) });
  gatherAllureResults(matrix.cells, folder);
  const allure = await generateAllureReport({
    folder,
    singleFile: true,
    name: "Conformance matrix",
  }).catch((error: Error) => `none: ${error.message}`);
  const failures = formatUnknownFailures(matrix, lookOf(process.stdout));
  if (failures !== "") console.log(`\n${failures}`);
  console.log(describe(matrix, folder, allure));
  console.log(formatCounts(counts));
  if (counts.passed === 0 || matrix.run.interrupted) return 1;
  return counts.failed === 0 ? 0 : 1;
}

/**
 * Every cause of a failure, or of what an engine is charged with, that no list of known reds has: once in each cell, as that cell's own run
 * tells it. Paths of evidence are relative to the folder of the matrix.
 */
export function formatUnknownFailures({ cells, known = [] }: Matrix, look: Look): string {
  const targets = cells.flatMap(({ name, folder, target }) => {
    const listed = new Set(known.filter(({ cell }) => cell === name).map(({ requirement }) => requirement));
    if (!target) return [];
    const causes = causesOf(target)
      .map((cause) => ({
        ...cause,
        requirements: cause.requirements.filter((id) => !listed.has(id)),
        evidence: cause.evidence.map((path) => join(folder, path)),
      }))
      .filter(({ requirements }) => requirements.length > 0);
    return [{ ...target, causes, name }];
  });
  const errors = cells.flatMap(({ name, errors }) => errors.map((error) => ({ ...error, target: name })));
  return formatFailures({ targets, errors }, look);
}

function describe(
  { cells, drift, speed, summary, known = [] }: Matrix,
  folder: string,
  allure: string,
): string {
  const wide = Math.max(...cells.map(({ name }) => name.length), 4);
  const lines = cells.map(({ name, state, because, durationMs, target, errors }) => {
    const outcomes = (target?.results ?? []).map(({ outcome }) => outcome);
    const red = outcomes.filter((outcome) => outcome === "failed" || outcome === "error").length;
    const passed = outcomes.filter((outcome) => outcome === "passed").length;
    const how = state === "complete" ? "" : `; ${state}: ${because?.split("\n")[0] ?? ""}`;
    const faults = errors.length === 0 ? "" : `; ${errors.length} faults of the suite: ${errors[0]?.message}`;
    return `  ${name.padEnd(wide)}  ${formatDuration(durationMs).padStart(9)}  ${passed} passed, ${red} failed${how}${faults}`;
  });
  const drifts = drift.map(({ between, changes, compared }) => {
    const against = between === "nights" ? "the last green run" : between.replace(" ", " → ");
    return `drift, ${against}: ${compared.length === 0 ? "nothing to compare with" : counted(changes)}`;
  });
  const knownReds = known.map(({ cell, requirement, says, state }) =>
    state === "seen"
      ? `known: ${requirement} on ${cell}: ${says}`
      : `known to fail, and passed: ${requirement} on ${cell}; take it off the list`,
  );
  const path = (name: string) => join(folder, name);
  return [
    "",
    ...lines,
    "",
    ...drifts,
    ...knownReds,
    `speed: ${formatSpeed(speed)}`,
    `reports: ${path(matrixFiles.page)}`,
    `         ${path(matrixFiles.markdown)}`,
    `         ${path(matrixFiles.json)}`,
    `         ${allure}`,
    `${summary.error} error, ${summary.engineAtFault ? `${summary.engineAtFault} engine at fault, ` : ""}${summary.blocked} blocked, ${summary.unsupported} unsupported, ${summary.notRun} not run`,
  ].join("\n");
}
