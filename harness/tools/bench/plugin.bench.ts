import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tearDown } from "#harness/cluster/containers/lifecycle.ts";
import { forgetWhenInterrupted, removeWhenInterrupted } from "#harness/cluster/interruption.ts";
import { ClusterStates } from "#harness/cluster/state.ts";
import { openTarget, type Target } from "#harness/conformance/run/target.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { median, stopwatch } from "#harness/core/figures/statistics.ts";
import { isAlive, ownIdentity } from "#harness/core/process/process.ts";
import { vitestConfig } from "#harness/core/vitest-program.ts";
import { runVitest } from "#reports/vitest-run.ts";
import { measureOverhead } from "./measures/plugin-overhead.ts";
import { measureTruthTable } from "./measures/policy-table.ts";
import type { BenchmarkRow } from "./runner/benchmark.ts";
import type { BenchContext } from "./runner/context.ts";

export const name = "plugin";
export const title = "Chapters and dataplane on the reference plugin";

const chapters = ["multihost", "tenants", "external", "policy"];

export async function run(context: BenchContext): Promise<BenchmarkRow[]> {
  const { settings, progress, word } = context;
  const engines = await context.nodeEngines();
  const target = await openTarget(settings, progress, "reference", engines, { fresh: true });
  const rows: BenchmarkRow[] = [];
  try {
    rows.push(...(await measureInside(context, target)));
  } catch (error) {
    await target.remove();
    throw error;
  }
  const engineContext = await context.engineContext();
  const { id } = target.state;
  const used = new Set([id]);
  const remove = async () => {
    // A run beside this one may have taken the cluster; then it is that run's.
    const ours = new ClusterStates(settings)
      .all()
      .filter(({ id, owner }) => used.has(id) && (owner === ownIdentity() || !isAlive(owner)));
    await Promise.all(ours.map((state) => tearDown(engineContext, state)));
    forgetWhenInterrupted(id);
  };
  removeWhenInterrupted(id, remove);
  // The chapters serve the plugin from the process that runs them.
  await target.keep();
  try {
    const through = () => throughChapters({ word, name: engines.name }, used);
    // Chapters run side by side, each on a cluster: this makes those that the others are kept on.
    await progress.step("chapters 2 to 5, to keep their clusters", through);
    const kept = used.size;
    const times: number[] = [];
    for (let round = 0; round < context.rounds; round++) {
      times.push(await progress.step("chapters 2 to 5", () => stopwatch(through)));
    }
    if (used.size > kept)
      throw new HarnessError("the clusters that were kept were not taken: another was made");
    rows.unshift({
      what: `${chapters.join(", ")} on kept clusters of two nodes, vitest's start and the reports included`,
      value: median(times) / 1000,
      unit: "s",
      aim: { of: "value", atMost: 30 },
    });
  } finally {
    await remove();
  }
  return rows;
}

async function measureInside(
  context: BenchContext,
  { driver, cluster, state }: Target,
): Promise<BenchmarkRow[]> {
  const scope = new Scope("bench of the reference plugin");
  try {
    const installed = await driver.connect(cluster, state.attachment ?? {});
    const table = await context.progress.step("a truth table of 1,000 ports", () =>
      measureTruthTable(scope, cluster, installed),
    );
    const overhead = await context.progress.step("overhead against Docker's overlay", () =>
      measureOverhead(scope, cluster, installed, context.settings),
    );
    return [...table, ...overhead];
  } finally {
    await scope.close();
  }
}

/** Adds the ids of the clusters that the run kept to `used`. */
async function throughChapters(
  { word, name }: { word: string; name: string },
  used: Set<string>,
): Promise<void> {
  const reports = mkdtempSync(join(tmpdir(), "netconform-bench-"));
  try {
    const outcome = await runVitest({
      config: vitestConfig,
      args: ["--project", `reference@${name}`, ...chapters.map((chapter) => `suites/${chapter}/`)],
      env: { DRIVER: "reference", ENGINE: word, NODES: "2", KEEP: "1", FAULT: "", MEND: "" },
      outputDir: reports,
    });
    const output = outcome.stdout + outcome.stderr;
    for (const [, kept] of output.matchAll(/^kept (nc-[0-9a-f]+) /gm)) if (kept) used.add(kept);
    if (outcome.exitCode !== 0 || (outcome.statement?.summary.passed ?? 0) === 0) {
      throw new HarnessError(
        `the chapters did not pass:\n${outcome.stdout.slice(-4000)}${outcome.stderr.slice(-2000)}`,
      );
    }
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}
