import { join } from "node:path";
import { isNode, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { UsageError } from "#harness/core/errors.ts";
import { readLines } from "#harness/tools/tutorial/parse/document.ts";
import type { Reading } from "#harness/tools/tutorial/parse/transcript.ts";
import { type Mapping, mappingShape, noPlugin, type Plugin } from "./schema.ts";

/** The mapping that comes with the project; a copy of it is where a mapping of one's own starts. */
export const defaultMapping = join(import.meta.dirname, "mapping.yaml");

/** Reads a mapping file. Throws `UsageError` naming file, line, key and value of what is wrong. */
export function loadMapping(path: string): Mapping {
  const lines = readLines(path, "a mapping file in YAML");
  const counter = new LineCounter();
  const document = parseDocument(lines.join("\n"), { lineCounter: counter });
  const [problem] = document.errors;
  if (problem) {
    const { line } = counter.linePos(problem.pos[0]);
    throw new UsageError(`${path}:${line}: ${problem.message.split("\n")[0]}`);
  }
  const parsed = mappingShape.safeParse(document.toJS());
  if (parsed.success) return checked(path, parsed.data);
  const lineOf = (keys: readonly PropertyKey[]) => {
    for (let length = keys.length; length >= 0; length--) {
      const node = document.getIn(keys.slice(0, length), true);
      if (isNode(node) && node.range) return counter.linePos(node.range[0]).line;
    }
    return 1;
  };
  const lineOfKey = (keys: readonly PropertyKey[], key: string) => {
    const map = keys.length === 0 ? document.contents : document.getIn(keys, true);
    const items = (map as { items?: { key?: { value?: unknown; range?: number[] } }[] } | null)?.items ?? [];
    const start = items.find((item) => item.key?.value === key)?.key?.range?.[0];
    return start === undefined ? lineOf(keys) : counter.linePos(start).line;
  };
  throw new UsageError(
    parsed.error.issues
      .flatMap((issue) => describe(path, issue, lineOf, lineOfKey, document.toJS()))
      .join("\n"),
    {
      hint: `compare it with the project's own: ${defaultMapping}`,
    },
  );
}

function describe(
  path: string,
  issue: z.core.$ZodIssue,
  lineOf: (keys: readonly PropertyKey[]) => number,
  lineOfKey: (keys: readonly PropertyKey[], key: string) => number,
  whole: unknown,
): string[] {
  const where = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const value = valueAt(whole, [...issue.path, key]);
      return `${path}:${lineOfKey(issue.path, key)}: unknown key "${key}"${where ? ` in ${where}` : ""}, with the value ${show(value)}`;
    });
  }
  return [
    `${path}:${lineOf(issue.path)}: ${where || "the file"}: ${issue.message}, got ${show(valueAt(whole, issue.path))}`,
  ];
}

function valueAt(whole: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    whole,
  );
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 120);
}

/** The plugins that rules are for and that nothing makes known: neither `used` nor one of `known`. A slip hides there. */
export function unknownPlugins(
  { names, commands }: Mapping,
  used: Plugin,
  known: readonly string[],
): Plugin[] {
  const named = new Set([...names, ...commands].flatMap(({ plugin }) => plugin ?? []));
  return [...named].filter((name) => name !== noPlugin && name !== used && !known.includes(name));
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
