import { atLeast } from "#harness/cni/protocol/version.ts";
import type { Judgement } from "#harness/cni/runtimes/judges/judge.ts";
import type { Operation, RuntimeUnderTest } from "#harness/cni/runtimes/runtime-under-test.ts";
import { markdownTable } from "#harness/core/text/markdown.ts";
import { type RuntimeRuleId, runtimeRuleIds, runtimeRuleOf } from "#suites/requirements/rules/cni-runtime.ts";
import type { SpecVersion } from "#suites/requirements/spec-version.ts";

/** What one runtime made of the rules. */
export interface RuntimeColumn {
  /** With its version, e.g. `Podman 4.3.1`. */
  readonly runtime: string;
  readonly speaks: SpecVersion;
  /** What it cannot be asked for. */
  readonly lacks: readonly Operation[];
  readonly rules: Readonly<Record<RuntimeRuleId, Judgement>>;
}

/** The column of a runtime that has been judged. */
export function columnOf(runtime: RuntimeUnderTest, rules: RuntimeColumn["rules"]): RuntimeColumn {
  const { name, speaks, check, gc, status } = runtime;
  const asked = { CHECK: check, GC: gc, STATUS: status } as const;
  const lacks = (Object.keys(asked) as (keyof typeof asked)[]).filter((one) => asked[one] === undefined);
  return { runtime: name, speaks, lacks, rules };
}

/** Whether a rule is asked of what speaks that version. */
function applies(id: RuntimeRuleId, { speaks }: RuntimeColumn): boolean {
  const { since } = runtimeRuleOf(id);
  return since === undefined || atLeast(speaks, since);
}

/** Whether a runtime that does not keep it breaks anything. */
function isAsked(id: RuntimeRuleId): boolean {
  return runtimeRuleOf(id).level !== "MAY";
}

/** Of what a runtime does not keep. */
const symbols = { MUST: "**✗**", SHOULD: "✗", MAY: "no" } as const;

function symbolOf(id: RuntimeRuleId, column: RuntimeColumn): string {
  const { outcome } = column.rules[id];
  if (!applies(id, column)) return "";
  if (outcome === "kept") return "✓";
  if (outcome === "not seen") return "?";
  return symbols[runtimeRuleOf(id).level];
}

/** Markdown without a title: a table of rules × runtimes, then what is broken and how it looked. */
export function formatRuntimes(
  columns: readonly RuntimeColumn[],
  origin: { readonly command: string; readonly facts: readonly string[] },
): string {
  const rows = runtimeRuleIds.map((id) => {
    const { level, title, source } = runtimeRuleOf(id);
    return [id, level, `[${title}](${source.url})`, ...columns.map((column) => symbolOf(id, column))];
  });
  const broken = runtimeRuleIds.flatMap((id) =>
    columns
      .filter((column) => applies(id, column) && column.rules[id].outcome === "broken" && isAsked(id))
      .map(({ runtime, rules }) => `- **${id}**, ${runtime}: ${rules[id].reasons.join("; ")}`),
  );
  return [
    `Made by \`${origin.command}\`; ${origin.facts.join(", ")}.`,
    "",
    ...columns.map(
      ({ runtime, speaks, lacks }) =>
        `- ${runtime}: speaks CNI ${speaks}${lacks.length > 0 ? `; cannot be asked for ${lacks.join(", ")}` : ""}`,
    ),
    "",
    "✓ kept · ✗ broken (**✗**: a MUST) · no: does not, and may · ? nothing was seen of it · blank: not asked at the version that it speaks.",
    "",
    markdownTable(["rule", "level", "", ...columns.map(({ runtime }) => runtime)], rows),
    ...(broken.length > 0 ? ["", "What is broken:", "", ...broken] : []),
    "",
  ].join("\n");
}
