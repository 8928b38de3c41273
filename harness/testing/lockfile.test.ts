import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { projectRoot } from "#harness/core/project-root.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";

const lockfileSchema = z.object({ packages: z.record(z.string(), z.looseObject({})) });

test("the lockfile names all that package.json asks for, for every platform", async () => {
  const local = new LocalHost();
  // Offline: what the lockfile lacks would have to be looked up.
  const result = await local.exec(["npm", "--prefix", projectRoot, "ci", "--dry-run", "--offline"]);
  expect(result.stderr).not.toMatch(/^npm error/m);
  expect(result).toMatchObject({ code: 0 });
});

test("the lockfile pins every package by its content, and names no registry", () => {
  const text = readFileSync(join(projectRoot, "package-lock.json"), "utf8");
  const { packages } = lockfileSchema.parse(JSON.parse(text));
  const { "": _project, ...others } = packages;
  expect(Object.keys(others).filter((path) => !("integrity" in packages[path]!))).toEqual([]);
  expect(Object.keys(others).filter((path) => "resolved" in packages[path]!)).toEqual([]);
});
