import { join } from "node:path";
import { UsageError } from "#harness/core/errors.ts";
import { misfitsOf } from "#harness/core/text/misfits.ts";
import { locateYaml } from "#harness/core/text/yaml.ts";
import { readLines } from "#harness/tools/tutorial/parse/document.ts";
import type { Reading } from "#harness/tools/tutorial/parse/transcript.ts";
import { type Mapping, mappingShape, noPlugin, type Plugin } from "./schema.ts";

/** The mapping that comes with the project; a copy of it is where a mapping of one's own starts. */
export const defaultMapping = join(import.meta.dirname, "mapping.yaml");

/** Reads a mapping file. Throws `UsageError` naming file, line, key and value of what is wrong. */
export function loadMapping(path: string): Mapping {
  const lines = readLines(path, "a mapping file in YAML");
  const located = locateYaml(path, lines.join("\n"));
  const parsed = mappingShape.safeParse(located.value);
  if (parsed.success) return checked(path, parsed.data);
  throw new UsageError(located.tell(misfitsOf(parsed.error, located.value)), {
    hint: `compare it with the project's own: ${defaultMapping}`,
  });
}

/** The plugins that rules are for and that are none of `known`. A slip hides there. */
export function unknownPlugins({ names, commands }: Mapping, known: readonly string[]): Plugin[] {
  const named = new Set([...names, ...commands].flatMap(({ plugin }) => plugin ?? []));
  return [...named].filter((name) => name !== noPlugin && !known.includes(name));
}

/** How a text is read that the mapping is for. */
export function readingOf({ prompts, prose, nodes, start }: Mapping): Reading {
  return {
    prompts,
    hosts: { patterns: prose, names: new Set(Object.keys(nodes)) },
    ...(start === undefined ? {} : { start }),
  };
}

function checked(path: string, mapping: Mapping): Mapping {
  const { start, nodes } = mapping;
  if (start !== undefined && !Object.hasOwn(nodes, start)) {
    throw new UsageError(
      `${path}: start: expected one of nodes, ${Object.keys(nodes).join(", ")}, got "${start}"`,
    );
  }
  for (const [index, { match, run, login, notRunnable }] of mapping.commands.entries()) {
    if (run === undefined && login === undefined && notRunnable === undefined) {
      throw new UsageError(
        `${path}: commands.${index} (${match.source}): expected run, login or notRunnable, got none of them`,
      );
    }
  }
  return mapping;
}
