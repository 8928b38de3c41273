import { isNode, LineCounter, parseDocument } from "yaml";
import { UsageError } from "#harness/core/errors.ts";

/** What a YAML file says, and where it says it. */
export interface LocatedYaml {
  readonly value: unknown;
  /** The value that these keys lead to; `undefined` where there is none. */
  valueAt(keys: readonly PropertyKey[]): unknown;
  /** The line, from 1, of the value that these keys lead to; of the nearest one around it where there is no such value. */
  lineOf(keys: readonly PropertyKey[]): number;
  /** The line, from 1, of a key in the map that `keys` lead to. */
  lineOfKey(keys: readonly PropertyKey[], key: string): number;
}

/** Reads YAML `text` of the file `path`. Throws `UsageError` with file and line for what is no YAML. */
export function locateYaml(path: string, text: string): LocatedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [problem] = document.errors;
  if (problem) {
    const { line } = lines.linePos(problem.pos[0]);
    throw new UsageError(`${path}:${line}: ${problem.message.split("\n")[0]}`);
  }
  const lineOf = (keys: readonly PropertyKey[]) => {
    for (let length = keys.length; length > 0; length--) {
      const node = document.getIn(keys.slice(0, length), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  const lineOfKey = (keys: readonly PropertyKey[], key: string) => {
    const map = keys.length === 0 ? document.contents : document.getIn(keys, true);
    const items = (map as { items?: { key?: { value?: unknown; range?: number[] } }[] } | null)?.items ?? [];
    const start = items.find((item) => item.key?.value === key)?.key?.range?.[0];
    return start === undefined ? lineOf(keys) : lines.linePos(start).line;
  };
  const value: unknown = document.toJS();
  const valueAt = (keys: readonly PropertyKey[]) =>
    keys.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
  return { value, valueAt, lineOf, lineOfKey };
}
