import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HarnessError } from "#harness/core/errors.ts";
import { median } from "#harness/core/figures/statistics.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { typed } from "#harness/core/typed.ts";
import type { ExecResult } from "#harness/host/host.ts";
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

/** What a run says of a cluster that it brings up; one that keeps clusters keeps those of its own too, beside that which it was lent. */
const newCluster = /has the new cluster (nc-[0-9a-f]+)/g;

function runOwn(command: readonly string[], env: Readonly<Record<string, string>>): Promise<ExecResult> {
  const program = join(projectRoot, "harness/cli/bootstrap.mjs");
  return new LocalHost().exec([process.execPath, program, ...command], { env, deadlineMs: longestMs });
}

async function timeOnce(
  command: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<number> {
  const reports = mkdtempSync(join(tmpdir(), "netconform-bench-"));
  try {
    const { code, durationMs, stdout, stderr } = await runOwn(command, {
      FAULT: "",
      MEND: "",
      NO_COLOR: "1",
      ...settings,
      REPORTS: reports,
    });
    const made = [...`${stdout}${stderr}`.matchAll(newCluster)].map(([, id = ""]) => id);
    if (made.length > 0) {
      const down = await runOwn(["cluster", "down", ...made], {});
      if (down.code !== 0)
        throw new HarnessError(`${made.join(" ")} could not be removed:\n${down.stderr.slice(-2000)}`);
    }
    if (code !== 0) {
      const end = `${stdout.slice(-4000)}${stderr.slice(-2000)}`;
      throw new HarnessError(`${command.join(" ")} ended with ${code}:\n${end}`);
    }
    return durationMs / 1000;
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}
