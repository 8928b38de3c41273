import { join } from "node:path";
import { projectRoot } from "#harness/core/project-root.ts";
import { $, environmentWith } from "#harness/host/local/zx.ts";

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
