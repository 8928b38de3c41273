import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { Host } from "#harness/host/host.ts";
import { listFiles } from "./files.ts";

const steps = z.array(z.looseObject({ name: z.string().optional(), run: z.string().optional() }));
const withSteps = z.object({
  runs: z.object({ steps }).optional(),
  jobs: z.record(z.string(), z.object({ steps })).optional(),
});

/** What shellcheck finds in the steps of GitHub workflows and of an action. */
export async function checkWorkflowSteps(local: Host, folder: string): Promise<string[]> {
  const files = (await listFiles(local, folder)).filter((name) =>
    /^(\.github\/workflows\/[^/]+\.ya?ml|action\.ya?ml)$/.test(name),
  );
  const found = files.flatMap((file) => {
    const { runs, jobs = {} } = withSteps.parse(parse(readFileSync(join(folder, file), "utf8")));
    const all = [...(runs?.steps ?? []), ...Object.values(jobs).flatMap((job) => job.steps)];
    return all.flatMap(({ name = "a step", run }) => (run === undefined ? [] : [{ file, name, run }]));
  });
  const checked = await Promise.all(
    found.map(async ({ file, name, run }) => {
      // GitHub puts a value in place of an expression before a shell sees it.
      const input = run.replaceAll(/\$\{\{.*?\}\}/g, "value");
      const { code, stdout, stderr } = await local.exec(["shellcheck", "--shell=bash", "--format=gcc", "-"], {
        input,
      });
      return code === 0 ? [] : [`${file}, ${name}:\n${stdout}${stderr}`.trim()];
    }),
  );
  return checked.flat();
}
