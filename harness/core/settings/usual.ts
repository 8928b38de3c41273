import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UsageError } from "#harness/core/errors.ts";
import { parseJson } from "#harness/core/text/json.ts";

/** Key of a package.json below which a project keeps the settings that are usual there. */
export const usualKey = "netconform";

const shape = z.object({ [usualKey]: z.record(z.string(), z.string()).default({}) });

/**
 * The settings that are usual in a project: texts by the names of settings, `"netconform": { "DRIVER": "./driver.mts" }`
 * in its package.json. Empty where there is no such file. Throws `UsageError` with the file where a name is not one of
 * `names`, or a value is no text.
 */
export function readUsual(
  names: readonly string[],
  folder = process.cwd(),
): Readonly<Record<string, string>> {
  const file = join(folder, "package.json");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return {};
  }
  const json = parseJson(text);
  if (!json.ok) throw new UsageError(`${file} is no JSON: ${json.reason}`);
  const read = shape.safeParse(json.value);
  if (!read.success) throw new UsageError(`${file}: ${usualKey}: expected texts by the names of settings`);
  const usual = read.data[usualKey] ?? {};
  for (const name of Object.keys(usual)) {
    if (names.includes(name)) continue;
    throw new UsageError(`${file}: ${usualKey}.${name}: no such setting`, {
      hint: `one of ${names.join(", ")}`,
    });
  }
  return usual;
}
