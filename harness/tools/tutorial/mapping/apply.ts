import { onOneLine } from "#harness/tools/tutorial/parse/shell-line.ts";
import type { Step } from "#harness/tools/tutorial/parse/tutorial.ts";
import { holdsFor, type Mapping, type Plugin } from "./schema.ts";

/** What becomes of a step. */
export type Mapped =
  | {
      readonly kind: "run";
      /** What is typed. */
      readonly command: string;
      /** Name of the node here, where it differs from that of the prompt; may still hold {{…}}. */
      readonly on: string | undefined;
      readonly notes: readonly string[];
      readonly unless: { readonly test: string; readonly reason: string } | undefined;
    }
  | { readonly kind: "login"; readonly host: string; readonly notes: readonly string[] }
  | { readonly kind: "not runnable"; readonly reason: string };

/**
 * Applies the first rule that fits the step, and then the names. Facts of the cluster, {{…}}, are left for `fill`.
 * What is changed is said in the notes.
 */
export function applyMapping(
  mapping: Mapping,
  plugin: Plugin,
  step: Pick<Step, "command" | "chapter">,
): Mapped {
  const typed = onOneLine(step.command);
  const rule = mapping.commands.find(
    (one) =>
      one.match.test(typed) &&
      (one.chapter?.test(step.chapter.title) ?? true) &&
      holdsFor(one.plugin, plugin),
  );
  const groups = (text: string) => withGroups(text, rule?.match.exec(typed) ?? null);
  if (rule?.notRunnable !== undefined && rule.unless === undefined) {
    return { kind: "not runnable", reason: groups(rule.notRunnable) };
  }
  const notes = rule?.why === undefined ? [] : [groups(rule.why)];
  if (rule?.login !== undefined) return { kind: "login", host: groups(rule.login), notes };
  return {
    kind: "run",
    command: translate(mapping, plugin, rule?.run === undefined ? step.command : groups(rule.run)),
    on: rule?.on === undefined ? undefined : groups(rule.on),
    notes,
    unless:
      rule?.unless === undefined
        ? undefined
        : { test: groups(rule.unless), reason: groups(rule.notRunnable ?? "the mapping's test succeeded") },
  };
}

function withGroups(text: string, found: RegExpExecArray | null): string {
  return text.replaceAll(/\$(\d)/g, (_, digit: string) => found?.[Number(digit)] ?? "");
}

function translate(mapping: Mapping, plugin: Plugin, command: string): string {
  let text = command;
  for (const name of mapping.names) {
    if (name.outputOnly || !holdsFor(name.plugin, plugin)) continue;
    text = text.replaceAll(wholeWord(name.text), () => name.live);
  }
  return text;
}

/** The text as a word of its own: addresses and names are not replaced inside of longer ones. */
export function wholeWord(text: string): RegExp {
  const escaped = text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![\\w.-])${escaped}(?![\\w-]|\\.\\d)`, "g");
}

/** What can stand between {{ and }}; other such texts, as in Go templates, stay as they are. */
const fact = /\{\{\s*((?:node\d+\.\w+|external\.\w+|image|dns|task-\w+)(?:\s+[^{}\s]+)*)\s*\}\}/;

/** Fills {{fact argument…}} in by asking `resolve`, one after the other. */
export async function fill(
  text: string,
  resolve: (name: string, args: readonly string[]) => Promise<string>,
): Promise<string> {
  let filled = "";
  let rest = text;
  for (let found = fact.exec(rest); found; found = fact.exec(rest)) {
    const [name = "", ...args] = (found[1] ?? "").split(/\s+/);
    filled += rest.slice(0, found.index) + (await resolve(name, args));
    rest = rest.slice(found.index + found[0].length);
  }
  return filled + rest;
}
