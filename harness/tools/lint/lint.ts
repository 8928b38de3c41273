import type { Host } from "#harness/host/host.ts";
import { checkPythonStyle, checkPythonTypes } from "./python.ts";
import { checkShellScripts } from "./shell.ts";
import { checkWorkflowSteps } from "./workflow.ts";

const checks = {
  "the types of Python": checkPythonTypes,
  "the style of Python": checkPythonStyle,
  "the shell scripts": checkShellScripts,
  "the steps of workflows": checkWorkflowSteps,
} as const;

/**
 * Checks what is neither TypeScript nor JSON in a git work tree with the project's `pyproject.toml`; all checks are run even
 * if one fails. Needs `shellcheck`. Tells `say` what was found; resolves to an exit code.
 */
export async function lint(local: Host, folder: string, say: (line: string) => void): Promise<number> {
  let code = 0;
  for (const [what, check] of Object.entries(checks)) {
    const found = await check(local, folder);
    for (const line of found) say(line);
    say(found.length === 0 ? `Checked ${what}.` : `Checked ${what}: there are mistakes.`);
    if (found.length > 0) code = 1;
  }
  return code;
}
