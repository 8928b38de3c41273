import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { projectRoot } from "#harness/core/project-root.ts";
import { $, environmentWith } from "#harness/host/local/zx.ts";

/** What a step of a workflow and one of an action have in common, as GitHub reads them; actions of GitHub's own are all that is used. */
export const stepFields = {
  name: z.string().optional(),
  id: z.string().optional(),
  if: z.string().optional(),
  uses: z
    .string()
    .regex(/^actions\/[a-z-]+@v\d+$/)
    .optional(),
  with: z.record(z.string(), z.unknown()).optional(),
  env: z.record(z.string(), z.string()).optional(),
  run: z.string().optional(),
};

const actionSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  inputs: z.record(z.string(), z.strictObject({ description: z.string(), default: z.string() })),
  outputs: z.record(z.string(), z.strictObject({ description: z.string(), value: z.string() })),
  runs: z.strictObject({
    using: z.literal("composite"),
    steps: z.array(
      z.strictObject({
        ...stepFields,
        shell: z.literal("bash").optional(),
        "working-directory": z.string().optional(),
      }),
    ),
  }),
});

/** The project's action, as GitHub reads it. */
export function readAction() {
  return actionSchema.parse(parse(readFileSync(join(projectRoot, "action.yml"), "utf8")));
}

/** What the steps of the action came to. */
export interface ActionEnd {
  /** Of the step that failed; 0 where none did. */
  readonly code: number | null;
  readonly said: string;
  readonly outputs: string;
  readonly summary: string;
}

/**
 * Runs the shell steps of the action as a runner does, in a checkout, with inputs; the steps of other actions are left out. `env` is what else
 * is in the environment.
 */
export async function runAction(
  checkout: string,
  given: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
): Promise<ActionEnd> {
  const action = readAction();
  const temporary = mkdtempSync(join(tmpdir(), "netconform-runner-"));
  const [output, summary] = [join(temporary, "output"), join(temporary, "summary.md")];
  for (const file of [output, summary]) writeFileSync(file, "");
  const evaluate = (expression: string) => {
    const [, input] = /^inputs\.([\w-]+)$/.exec(expression) ?? [];
    if (input !== undefined) return given[input] ?? action.inputs[input]?.default ?? "";
    if (expression === "github.action_path") return projectRoot;
    throw new TypeError(`${expression}: an expression that the steps are not known to use`);
  };
  const filled = (text: string) =>
    text.replaceAll(/\$\{\{ *(.*?) *\}\}/g, (_, inner: string) => evaluate(inner));
  let [code, said]: [number | null, string] = [0, ""];
  for (const { run, env: own = {}, "working-directory": folder = "." } of action.runs.steps) {
    if (run === undefined || code !== 0) continue;
    const ended = await $({
      cwd: join(checkout, filled(folder)),
      env: environmentWith({
        ...env,
        ...{ GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: checkout, RUNNER_TEMP: temporary },
        ...{ GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary },
        ...Object.fromEntries(Object.entries(own).map(([name, value]) => [name, filled(value)])),
      }),
    })`${["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", run]}`;
    code = ended.exitCode;
    said += ended.stdall;
  }
  return { code, said, outputs: readFileSync(output, "utf8"), summary: readFileSync(summary, "utf8") };
}
