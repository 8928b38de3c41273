import { access, constants, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { UsageError } from "#harness/core/errors.ts";
import { usualKey } from "#harness/core/settings/usual.ts";
import { parseJson } from "#harness/core/text/json.ts";
import { driverFileOf, filesOf, type InitAnswers } from "./templates.ts";

/** What was made, relative to the folder, and what was there already and stays. */
export interface InitResult {
  readonly made: readonly string[];
  readonly kept: readonly string[];
}

/**
 * Prepares a plugin's own project for the suite: a driver, a vitest configuration, a workflow, and the driver's name in
 * package.json. Files that are there stay as they are. Throws `UsageError` where the folder is no project or cannot be
 * written, before anything is made.
 */
export async function initialise(folder: string, answers: InitAnswers): Promise<InitResult> {
  const manifest = await readManifest(folder);
  await refuseReadOnly(folder);
  const made: string[] = [];
  const kept: string[] = [];
  for (const { path, content } of filesOf(answers)) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    const written = await writeFile(target, content, { flag: "wx" }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "EEXIST") return false;
        throw error;
      },
    );
    (written ? made : kept).push(path);
  }
  const usual = manifest.fields[usualKey];
  if (usual === undefined) {
    const fields = { ...manifest.fields, [usualKey]: { DRIVER: `./${driverFileOf(answers).path}` } };
    await writeFile(manifest.path, `${JSON.stringify(fields, null, manifest.indentation)}\n`);
    made.push(`package.json: ${usualKey}`);
  } else kept.push(`package.json: ${usualKey}`);
  return { made, kept };
}

interface Manifest {
  readonly path: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly indentation: string;
}

async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, "package.json");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch {
    throw new UsageError(`${folder} has no package.json`, { hint: "run npm init -y there first" });
  }
  const json = parseJson(text);
  if (!json.ok) throw new UsageError(`${path} is no JSON: ${json.reason}`);
  const fields = z.record(z.string(), z.unknown()).safeParse(json.value);
  if (!fields.success) throw new UsageError(`${path}: expected an object, got ${text.trim().slice(0, 40)}`);
  return {
    path,
    fields: fields.data,
    indentation: /^\s+(?=")/m.exec(text)?.[0].replace(/^\n+/, "") ?? "  ",
  };
}

async function refuseReadOnly(folder: string): Promise<void> {
  try {
    await access(folder, constants.W_OK);
  } catch {
    throw new UsageError(`${folder} cannot be written to`, { hint: "run it in a folder of your own" });
  }
}
