import { join } from "node:path";
import { projectRoot } from "#harness/core/project-root.ts";
import { $, environmentWith } from "#harness/host/local/zx.ts";

/** The one program, relative to the project. */
export const program = "harness/cli/netconform.ts";

/** Runs a script of the project's own, as a user would, and yields how it ended and what it said on both streams. */
export async function runScript(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ code: number | null; said: string }> {
  const argv = [process.execPath, join(projectRoot, script), ...args];
  const ran = await $({ cwd: projectRoot, env: environmentWith({ NO_COLOR: "1", ...env }) })`${argv}`;
  return { code: ran.exitCode, said: ran.stdall };
}

/** Runs a sub-command of the project's program, e.g. `["cluster", "down"]`, as a user would. */
export function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ReturnType<typeof runScript> {
  return runScript(program, args, env);
}
