import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { InvalidArgumentError } from "commander";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { handleInterruptions } from "#harness/cluster/interruption.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { parseEngine } from "#harness/core/engines/grammar.ts";
import { messageOf, UsageError } from "#harness/core/errors.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { typed } from "#harness/core/typed.ts";
import { type Benchmark, isMet, loadBenchmarks, ratioOf } from "#harness/tools/bench/runner/benchmark.ts";
import { BenchContext } from "#harness/tools/bench/runner/context.ts";
import { addToHistory, readBenchHistory, slowDowns } from "#harness/tools/bench/runner/history.ts";
import { memoryGroups } from "#harness/tools/bench/runner/memory-groups.ts";
import { type Result, renderMarkdown, renderTables } from "#harness/tools/bench/runner/table.ts";

interface Options {
  only?: string[];
  rounds: number;
  json?: string;
  markdown?: boolean;
  long?: boolean;
  record?: boolean;
}

/** Benchmarks, as ratios in one run. */
export const command = newCommand("bench")
  .description(
    "Measures the harness against plain ways of doing the same, in one run; tells figures, asserts none.",
  )
  .option("--only <name...>", "benchmarks to run; default: all that take minutes at most")
  .option("--long", "run those as well that take long, on a machine that is not busy")
  .option("--rounds <number>", "how often the chapters are run each way; medians are told", positive, 1)
  .option("--json <file>", "write the figures to a file as well")
  .option("--markdown", "print Markdown instead of tables")
  .option(
    "--record",
    "add the figures to docs/benchmarks.json, of which the command docs makes the page, and tell what is slower",
  )
  .addHelpText(
    "after",
    "\nEngine on the nodes: the first of ENGINE, one for all of them and without flags. Figures depend on what else the machine does.",
  )
  .action((options: Options) => runMain(() => bench(options)));

async function bench(options: Options): Promise<number> {
  const benchmarks = choose(await loadBenchmarks(), options);
  const given = readSettings();
  refuseSeveral(given.ENGINE[0] ?? "");
  // A measurement does not overwrite the reports of a run, and the script knows two nodes.
  const settings = { ...given, NODES: 2, REPORTS: join(given.REPORTS, "bench") };
  const progress = progressOn(process.stderr);
  handleInterruptions(progress);
  const startedAt = performance.now();
  const load = loadavg()[0] ?? 0;
  const groups = memoryGroups();
  const results: Result[] = [];
  await using context = new BenchContext({ settings, progress, rounds: options.rounds });
  for (const benchmark of benchmarks) {
    results.push(await progress.step(benchmark.title, () => measure(benchmark, context), { announce: true }));
  }
  const engine = await context.engine();
  const facts = [
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"})`,
    `${Math.round(totalmem() / 1e9)} GB`,
    `Linux ${release()}`,
    `Docker ${(await context.nodeEngines()).name} on the nodes, ${engine.version} on this machine`,
    `Node.js ${process.version}`,
    `load ${load.toFixed(1)} before the run`,
    ...(groups === undefined ? [] : [`${groups} memory groups in the kernel`]),
    `measured ${new Date().toISOString().slice(0, 10)} in ${Math.round((performance.now() - startedAt) / 1000)} s`,
  ];
  console.log(
    options.markdown ? renderMarkdown(results, facts) : `${renderTables(results)}\n\n${facts.join(", ")}`,
  );
  const complete = results.every(({ error }) => error === undefined);
  if (options.record) {
    const benchHistoryFile = join(projectRoot, "docs/benchmarks.json");
    const at = new Date().toISOString().slice(0, 10);
    addToHistory(benchHistoryFile, results, { at, cores: availableParallelism(), facts });
    for (const told of slowDowns(readBenchHistory(benchHistoryFile))) console.log(`slower: ${told}`);
    console.log(`docs/benchmarks.json has the figures; ${typed("docs")} writes docs/benchmarks.md`);
  }
  if (options.json) writeFileSync(options.json, `${JSON.stringify(asJson(results, facts), null, 2)}\n`);
  return complete ? 0 : 1;
}

/** What is measured against is made by hand with the image of one engine, and starts it as the image does. */
function refuseSeveral(word: string): void {
  const [first, ...others] = parseEngine(word);
  if (others.length === 0 && first?.flags.length === 0) return;
  throw new UsageError(`ENGINE=${word}: expected one engine for all nodes, without flags, to measure with`, {
    hint: "measure with each engine by itself",
  });
}

/** A benchmark that cannot measure does not keep the others from it. */
async function measure(benchmark: Benchmark, context: BenchContext): Promise<Result> {
  const [load = 0] = loadavg();
  try {
    return { benchmark, load, rows: await benchmark.run(context) };
  } catch (error) {
    return { benchmark, load, rows: [], error: messageOf(error) };
  }
}

function choose(
  all: readonly Benchmark[],
  { only: names, long = false }: Pick<Options, "only" | "long">,
): readonly Benchmark[] {
  if (long) refuseBusy();
  if (!names) return all.filter((one) => long || !one.long);
  return names.map((wanted) => {
    const found = all.find(({ name }) => name === wanted);
    if (found) return found;
    throw new UsageError(`--only ${wanted}: expected one of ${all.map(({ name }) => name).join(", ")}`);
  });
}

/** What takes an hour is not to be measured in vain. */
function refuseBusy(): void {
  const [load = 0] = loadavg();
  const most = 2 * availableParallelism();
  if (load <= most) return;
  throw new UsageError(`--long: expected a load of at most ${most} on this machine, got ${load.toFixed(1)}`, {
    hint: "wait until the machine is quiet, or name single benchmarks with --only",
  });
}

function asJson(results: readonly Result[], facts: readonly string[]) {
  return {
    facts,
    benchmarks: results.map(({ benchmark: { name, title }, rows, error }) => ({
      name,
      title,
      error,
      rows: rows.map((row) => ({ ...row, ratio: ratioOf(row), met: isMet(row) })),
    })),
  };
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("expected a whole number, 1 or more");
  return value;
}
