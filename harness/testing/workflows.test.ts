import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { z } from "zod";
import { projectRoot } from "#harness/core/project-root.ts";
import { stepFields } from "./support/action.ts";

const stepSchema = z
  .strictObject(stepFields)
  .refine(({ uses, run }) => (uses === undefined) !== (run === undefined), "a step either uses or runs");

const workflowSchema = z.looseObject({
  name: z.string(),
  on: z.record(z.string(), z.unknown()),
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.strictObject({
      name: z.string(),
      needs: z.union([z.string(), z.array(z.string())]).optional(),
      if: z.string().optional(),
      "runs-on": z.string(),
      "timeout-minutes": z.number(),
      "continue-on-error": z.boolean().optional(),
      strategy: z.unknown().optional(),
      steps: z.array(stepSchema),
    }),
  ),
});

const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")));

describe.each(globSync(".github/workflows/*.yml", { cwd: projectRoot }))("%s", (path) => {
  const document = parseDocument(readFileSync(join(projectRoot, path), "utf8"), { strict: true });
  const workflow = workflowSchema.parse(document.toJS());
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  test("is YAML without errors or warnings", () => {
    expect([...document.errors, ...document.warnings]).toEqual([]);
  });

  test("runs only scripts that there are", () => {
    const named = steps.flatMap(({ run = "" }) =>
      [...run.matchAll(/npm run ([\w-]+)/g)].map(([, name]) => name),
    );
    expect(named.length).toBeGreaterThan(0);
    for (const name of named) expect(scripts).toHaveProperty([name ?? ""]);
  });

  test("may only read", () => {
    expect(Object.values(workflow.permissions)).toEqual(Object.keys(workflow.permissions).map(() => "read"));
  });

  test("waits only for jobs and reads only outputs of steps that there are", () => {
    for (const { needs, steps: own } of Object.values(workflow.jobs)) {
      for (const job of [needs ?? []].flat()) expect(workflow.jobs).toHaveProperty([job]);
      const ids = own.flatMap(({ id }) => id ?? []);
      const read = [...JSON.stringify(own).matchAll(/steps\.(\w+)\./g)].map(([, id]) => id);
      for (const id of read) expect(ids).toContain(id);
    }
  });
});

test("every night the dependencies that the lockfile names are audited, and a hole turns the night red", () => {
  const path = join(projectRoot, ".github/workflows/nightly.yml");
  const { jobs } = workflowSchema.parse(parseDocument(readFileSync(path, "utf8")).toJS());
  const auditing = Object.values(jobs).filter(({ steps }) =>
    steps.some(({ run }) => run?.startsWith("npm audit")),
  );
  expect(auditing.map((job) => job["continue-on-error"] ?? false)).toEqual([false]);
  expect(auditing.flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []))).toEqual([
    "npm ci",
    "npm audit --audit-level=moderate",
    "npm audit signatures",
  ]);
});
