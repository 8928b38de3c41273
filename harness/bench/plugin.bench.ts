import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "#harness/cli/run.ts";
import { forgetWhenInterrupted, removeWhenInterrupted } from "#harness/cluster/interruption.ts";
import { tearDown } from "#harness/cluster/lifecycle.ts";
import { openTarget, type Target } from "#harness/cluster/target.ts";
import { HarnessError } from "#harness/errors.ts";
import { Scope } from "#harness/scope.ts";
import { runVitest } from "#harness/testing/run-vitest.ts";
import type { Row } from "./runner/benchmark.ts";
import type { BenchContext } from "./runner/context.ts";
import { measureOverhead } from "./runner/plugin-overhead.ts";
import { measureTruthTable } from "./runner/policy-table.ts";
import { median, stopwatch } from "./runner/statistics.ts";

export const name = "plugin";
export const title = "Chapters and dataplane on the reference plugin";

const chapters = ["multihost", "tenants", "external", "policy"];

export async function run(context: BenchContext): Promise<Row[]> {
  const { settings, progress, version } = context;
  const target = await openTarget(settings, progress, "reference", version, { fresh: true });
  const rows: Row[] = [];
  try {
    rows.push(...(await measureInside(context, target)));
  } catch (error) {
    await target.remove();
    throw error;
  }
  const ground = await context.ground();
  const { id } = target.state;
  removeWhenInterrupted(id, () => tearDown(ground, target.state));
  // The chapters serve the plugin from the process that runs them.
  await target.keep();
  try {
    const times: number[] = [];
    for (let round = 0; round < context.rounds; round++) {
      times.push(await progress.step("chapters 2 to 5", () => stopwatch(() => throughChapters(version))));
    }
    rows.unshift({
      what: `${chapters.join(", ")} on a kept cluster of two nodes, vitest's start and the reports included`,
      value: median(times) / 1000,
      unit: "s",
      aim: { of: "value", atMost: 30 },
    });
  } finally {
    await tearDown(ground, target.state);
    forgetWhenInterrupted(id);
  }
  return rows;
}

async function measureInside(context: BenchContext, { driver, cluster, state }: Target): Promise<Row[]> {
  const scope = new Scope("bench of the reference plugin");
  try {
    const installed = await driver.connect(cluster, state.attachment ?? {});
    const table = await context.progress.step("a truth table of 1,000 ports", () =>
      measureTruthTable(scope, cluster, installed),
    );
    const overhead = await context.progress.step("overhead against Docker's overlay", () =>
      measureOverhead(scope, cluster, installed),
    );
    return [...table, ...overhead];
  } finally {
    await scope.close();
  }
}

async function throughChapters(engine: string): Promise<void> {
  const reports = mkdtempSync(join(tmpdir(), "netconform-bench-"));
  try {
    const outcome = await runVitest({
      config: join(root, "vitest.config.ts"),
      args: ["--project", `reference@${engine}`, ...chapters.map((chapter) => `suites/${chapter}/`)],
      env: { DRIVER: "reference", ENGINE: engine, NODES: "2", KEEP: "1", SABOTAGE: "" },
      outputDir: reports,
    });
    if (outcome.exitCode !== 0 || (outcome.statement?.summary.passed ?? 0) === 0) {
      throw new HarnessError(
        `the chapters did not pass:\n${outcome.stdout.slice(-4000)}${outcome.stderr.slice(-2000)}`,
      );
    }
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}
