import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Scalar } from "yaml";
import { UsageError } from "#harness/core/errors.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import type { Misfit } from "./misfits.ts";

/** What a YAML file says, and where it says it. */
export interface LocatedYaml {
  readonly value: unknown;
  /** The line, from 1, of the key that these keys lead to; of the nearest one around it where there is none. */
  lineOf(keys: readonly PropertyKey[]): number;
  /** What does not fit, with file, line and keys, one a line. */
  tell(misfits: readonly Misfit[]): string;
}

/** Reads YAML `text` of the file `path`. Throws `UsageError` with file and line for what is no YAML. */
export function locateYaml(path: string, text: string): LocatedYaml {
  const lines = new LineCounter();
  const document = understood(path, () => parseDocument(text, { lineCounter: lines, logLevel: "error" }));
  const [problem] = document.errors;
  if (problem) {
    const { line } = lines.linePos(problem.pos[0]);
    throw new UsageError(`${path}:${line}: ${firstLineOf(problem.message)}`);
  }
  const lineOf = (keys: readonly PropertyKey[]) => {
    const start = startOf(document.contents, keys);
    return start === undefined ? 1 : lines.linePos(start).line;
  };
  const value: unknown = understood(path, () => document.toJS() ?? undefined);
  const tell = (misfits: readonly Misfit[]) =>
    misfits
      .map(
        ({ path: keys, what }) =>
          `${path}:${lineOf(keys)}: ${keys.map(String).join(".") || "the file"}: ${what}`,
      )
      .join("\n");
  return { value, lineOf, tell };
}

/** What the parser gives up on: nesting without end, aliases that lead nowhere or to more than anybody wrote. */
function understood<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(`${path}: ${firstLineOf((error as Error).message)}`);
  }
}

/** Where a node's entry begins, or the last entry on the way to it that is there. */
function startOf(root: unknown, keys: readonly PropertyKey[]): number | undefined {
  let node = root;
  let start: number | undefined;
  for (const key of keys) {
    if (isMap(node)) {
      const entry = node.items.find(({ key: own }) => isScalar(own) && own.value === key);
      if (!entry) break;
      start = (entry.key as Scalar).range?.[0] ?? start;
      node = entry.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      if (!isNode(node)) break;
      start = node.range?.[0] ?? start;
    } else break;
  }
  return start;
}
