import Table from "cli-table3";
import type { Outcome } from "#harness/conformance/outcome.ts";
import type { ProfileVerdict, RequirementResult, TargetStatement } from "#reports/conformance/schema.ts";
import { type Look, paint, type Style, signs } from "./look.ts";

/** How a verdict looks. */
export const verdictStyles: Record<ProfileVerdict, Style> = {
  conformant: ["green", "bold"],
  partial: ["green"],
  "not conformant": ["red", "bold"],
  incomplete: ["yellow", "bold"],
  "not applicable": "gray",
  "not run": "gray",
};

/** Requirement × target, each profile headed by its verdict. Profiles that nothing ran of take one line, such targets none. */
export function formatMatrix(all: readonly TargetStatement[], look: Look): string {
  const targets = all.filter(wasRun);
  if (targets.length === 0) return "";
  const shown = targets.flatMap(({ results }) => results.filter(({ outcome }) => outcome !== "not run"));
  const wide = Math.max(
    ...targets.map(({ name }) => name.length),
    ...shown.map(({ outcome }) => outcome.length + 2),
    "not conformant".length,
  );
  const ids = targets.flatMap(({ results }) => results.map(({ requirement }) => requirement.length));
  const idWidth = Math.max(7, ...ids.map((length) => length + 4));
  const spare = look.width - idWidth + 2 - (targets.length + 2) - targets.length * (wide + 2) - 3;
  const withTitles = spare >= 24;
  const head = ["", ...(withTitles ? ["requirement"] : []), ...targets.map(({ name }) => name)];
  const widths = [idWidth, ...(withTitles ? [Math.min(spare, 74)] : []), ...targets.map(() => wide + 2)];
  const table = new Table({
    head: head.map((text) => paint(look, "bold", text)),
    colWidths: widths,
    style: { head: [], border: [], compact: true },
    chars: plainBorders,
    truncate: "…",
  });
  const profiles = [...new Set(targets.flatMap((target) => target.profiles.map(({ profile }) => profile)))];
  for (const profile of profiles) {
    const verdicts = targets.map((target) => target.profiles.find((entry) => entry.profile === profile));
    table.push([
      {
        colSpan: withTitles ? 2 : 1,
        content: paint(look, "bold", withTitles ? profile : profile.slice(0, 6)),
      },
      ...verdicts.map((entry) => (entry ? paint(look, verdictStyles[entry.verdict], entry.verdict) : "")),
    ]);
    if (verdicts.every((entry) => entry === undefined || entry.verdict === "not run")) continue;
    const rows = new Map<string, RequirementResult>();
    for (const { results } of targets) {
      for (const result of results) if (result.profile === profile) rows.set(result.requirement, result);
    }
    for (const { requirement, title, level, provisional } of rows.values()) {
      const outcomes = targets.map(
        ({ results }) => results.find((result) => result.requirement === requirement)?.outcome,
      );
      table.push([
        `  ${requirement}`,
        ...(withTitles ? [titleOf(level, title, provisional)] : []),
        ...outcomes.map((outcome) => (outcome ? formatOutcome(outcome, look) : "")),
      ]);
    }
  }
  return table.toString();
}

function titleOf(level: string, title: string, provisional: true | undefined): string {
  const beside = [...(level === "MUST" ? [] : [level]), ...(provisional ? ["provisional"] : [])];
  return beside.length === 0 ? title : `(${beside.join(", ")}) ${title}`;
}

/** Whether anything of the target ran. */
export function wasRun({ results }: TargetStatement): boolean {
  return results.some(({ outcome }) => outcome !== "not run");
}

function formatOutcome(outcome: Outcome, look: Look): string {
  const { symbol, style } = signs[outcome];
  return paint(look, style, `${symbol} ${outcome}`);
}

const plainBorders = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: " ",
};
