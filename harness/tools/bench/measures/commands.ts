import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HarnessError } from "#harness/core/errors.ts";
import { median } from "#harness/core/figures/statistics.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { typed } from "#harness/core/typed.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import type { BenchContext } from "#harness/tools/bench/runner/context.ts";

/** None of these takes so long; nothing is concluded from it. */
const longestMs = 3 * 3_600_000;

/** The median time in seconds of a command of this project, e.g. `["conform"]`. Throws `HarnessError` when it does not end with 0. */
export async function timeCommand(
  context: BenchContext,
  command: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < context.rounds; round++) {
    times.push(
      await context.progress.step(typed(command.join(" ")), () => timeOnce(command, settings), {
        announce: true,
      }),
    );
  }
  return median(times);
}

/** The same of a command that takes the context's cluster as a kept one, on overlay. */
export async function timeOnKept(
  context: BenchContext,
  command: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<number> {
  await context.target();
  const kept = {
    DRIVER: "overlay",
    ENGINE: context.word,
    NODES: String(context.settings.NODES),
    KEEP: "1",
  };
  return context.lend(() => timeCommand(context, command, { ...kept, ...settings }));
}

async function timeOnce(
  command: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<number> {
  const reports = mkdtempSync(join(tmpdir(), "netconform-bench-"));
  try {
    const program = join(projectRoot, "harness/cli/bootstrap.mjs");
    const { code, durationMs, stdout, stderr } = await new LocalHost().exec(
      [process.execPath, program, ...command],
      { env: { FAULT: "", NO_COLOR: "1", ...settings, REPORTS: reports }, deadlineMs: longestMs },
    );
    if (code !== 0) {
      const end = `${stdout.slice(-4000)}${stderr.slice(-2000)}`;
      throw new HarnessError(`${command.join(" ")} ended with ${code}:\n${end}`);
    }
    return durationMs / 1000;
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}
