import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cnmProject } from "#harness/conformance/run/projects.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { median, stopwatch } from "#harness/core/figures/statistics.ts";
import { vitestConfig } from "#harness/core/vitest-program.ts";
import { runVitest } from "#reports/vitest-run.ts";
import { newestPlayedEngine } from "#suites/requirements/played-engine.ts";
import type { BenchmarkRow } from "./runner/benchmark.ts";
import type { BenchContext } from "./runner/context.ts";

export const name = "cnm";
export const title = "The CNM suite against the reference plugin";

export async function run(context: BenchContext): Promise<BenchmarkRow[]> {
  const all: number[] = [];
  let shown = 0;
  for (let round = 0; round < context.rounds; round++) {
    const reports = mkdtempSync(join(tmpdir(), "netconform-bench-"));
    try {
      const outcome = { passed: 0 };
      all.push(await stopwatch(async () => Object.assign(outcome, await runSuite(reports))));
      shown = outcome.passed;
    } finally {
      rmSync(reports, { recursive: true, force: true });
    }
  }
  return [
    {
      what: "every requirement of the suite, vitest's start and the reports included",
      value: median(all) / 1000,
      unit: "s",
      aim: { of: "value", atMost: 1.5 },
      limit: "the starts of vitest and its worker; deadlines of what must not be answered",
      note: `${shown} obligations shown`,
    },
  ];
}

async function runSuite(outputDir: string): Promise<{ passed: number }> {
  const outcome = await runVitest({
    config: vitestConfig,
    args: ["--project", cnmProject(newestPlayedEngine), "suites/cnm/"],
    env: { PLUGIN: "", FAULT: "", MEND: "" },
    outputDir,
  });
  const passed = outcome.statement?.summary.passed ?? 0;
  if (outcome.exitCode !== 0 || passed === 0) {
    throw new HarnessError(
      `the suite did not pass:\n${outcome.stdout.slice(-4000)}${outcome.stderr.slice(-2000)}`,
    );
  }
  return { passed };
}
