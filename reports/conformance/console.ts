import { styleText } from "node:util";
import Table from "cli-table3";
import { type Outcome, outcomes } from "#harness/conformance/outcome.ts";
import { causesOf, titleOfFailed } from "./outcome/causes.ts";
import { flipsOf } from "./outcome/verdict.ts";
import type {
  CauseStatement,
  ProfileVerdict,
  RequirementResult,
  Statement,
  TargetStatement,
} from "./schema.ts";

type Style = Parameters<typeof styleText>[0];

/** How a text is put on a terminal or into a file. */
export interface Look {
  /** Columns. */
  width: number;
  color: boolean;
}

const signs: Record<Outcome, { symbol: string; style: Style }> = {
  passed: { symbol: "✔", style: "green" },
  failed: { symbol: "✘", style: ["red", "bold"] },
  error: { symbol: "!", style: ["magenta", "bold"] },
  blocked: { symbol: "⊘", style: "yellow" },
  unsupported: { symbol: "–", style: "gray" },
  "not run": { symbol: "·", style: "gray" },
};

const verdictStyles: Record<ProfileVerdict, Style> = {
  conformant: ["green", "bold"],
  partial: ["green"],
  "not conformant": ["red", "bold"],
  incomplete: ["yellow", "bold"],
  "not applicable": "gray",
  "not run": "gray",
};

const verdictsWorstFirst: readonly ProfileVerdict[] = [
  "not conformant",
  "incomplete",
  "conformant",
  "partial",
  "not applicable",
  "not run",
];

const indent = "      ";

/** What a terminal can show: its width, and colour only on a terminal and without NO_COLOR. */
export function lookOf(stream: NodeJS.WriteStream): Look {
  const color = styleText("red", "x", { stream, validateStream: true }) !== "x";
  return { width: stream.isTTY ? stream.columns : 120, color };
}

function paint(look: Look, style: Style, text: string): string {
  return look.color ? styleText(style, text, { validateStream: false }) : text;
}

/** `0.8 s`, `2 m 05 s`. */
export function formatDuration(ms: number): string {
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, "0")} s`;
}

/** One finished test while the run lasts; a failure is shown with its text at once. */
export function formatFinished(
  finished: {
    target: string;
    test: string;
    outcome: Outcome;
    durationMs: number;
    reason?: string | undefined;
    reproduce?: string | undefined;
    notes?: readonly string[] | undefined;
    sawNothing?: boolean | undefined;
  },
  look: Look,
): string {
  const { symbol, style } = signs[finished.outcome];
  const left = `${finished.target}  ${formatDuration(finished.durationMs).padStart(8)}  `;
  const title = shorten(finished.test, Math.max(20, look.width - left.length - 2));
  const head = `${paint(look, style, symbol)} ${paint(look, "gray", left)}${title}`;
  if (finished.outcome === "passed") return head;
  if (finished.outcome === "failed" || finished.outcome === "error") {
    return [head, ...formatReason(finished, look, 12)].join("\n");
  }
  const what = finished.sawNothing ? "nothing seen" : finished.outcome;
  const notes = (finished.notes ?? []).map((note) => `${indent}${note}`);
  const why = paint(look, "gray", `${what}: ${firstLineOf(finished.reason)}`);
  return [head, `${indent}${why}`, ...notes].join("\n");
}

function formatReason(
  { reason, reproduce }: { reason?: string | undefined; reproduce?: string | undefined },
  look: Look,
  limit: number,
): string[] {
  const lines = shortenLines((reason ?? "no reason given").split("\n"), limit).map((line) => indent + line);
  if (reproduce !== undefined) lines.push(`${indent}${paint(look, "cyan", "by hand:")} ${reproduce}`);
  return lines;
}

/**
 * At most `limit` lines and one that says how many are left out. That is the middle: what failed comes first, and what a program said
 * last, such as the error below its stack, comes at the end.
 */
function shortenLines(lines: readonly string[], limit: number): string[] {
  const rest = lines.length - limit;
  if (rest <= 1) return [...lines];
  const end = Math.floor(limit / 3);
  return [
    ...lines.slice(0, limit - end),
    `… ${rest} more lines in conformance.json …`,
    ...lines.slice(lines.length - end),
  ];
}

/** The end of a run on one screen: what holds where, what does not and why, where the time went, where the files lie. */
export function formatSummary(
  statement: Statement,
  files: Readonly<Record<string, string>>,
  look: Look,
): string {
  const sections = [
    formatMatrix(statement.targets, look),
    formatFailures(statement, look),
    formatRounds(statement, look),
    formatGaps(statement, look),
    formatNotes(statement, look),
    formatSlowest(statement, look),
    formatFiles(statement, files, look),
    formatLastLines(statement, look),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

/** Requirement × target, each profile headed by its verdict. Profiles that nothing ran of take one line, such targets none. */
export function formatMatrix(all: readonly TargetStatement[], look: Look): string {
  const targets = all.filter(wasRun);
  if (targets.length === 0) return "";
  const wide = Math.max(...targets.map(({ name }) => name.length), "not conformant".length);
  const shown = targets.flatMap(({ results }) => results.filter(({ outcome }) => outcome !== "not run"));
  const idWidth = Math.max(7, ...shown.map(({ requirement }) => requirement.length + 3));
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
    for (const { requirement, title, level } of rows.values()) {
      const outcomes = targets.map(
        ({ results }) => results.find((result) => result.requirement === requirement)?.outcome,
      );
      table.push([
        `  ${requirement}`,
        ...(withTitles ? [level === "MUST" ? title : `(${level}) ${title}`] : []),
        ...outcomes.map((outcome) => (outcome ? formatOutcome(outcome, look) : "")),
      ]);
    }
  }
  return table.toString();
}

function wasRun({ results }: TargetStatement): boolean {
  return results.some(({ outcome }) => outcome !== "not run");
}

function formatOutcome(outcome: Outcome, look: Look): string {
  const { symbol, style } = signs[outcome];
  return paint(look, style, `${symbol} ${outcome}`);
}

/** Every cause once, with the requirements that it took. */
function formatFailures({ targets, errors }: Statement, look: Look): string {
  const blocks = targets.flatMap((target) =>
    causesOf(target).map((cause) => formatCause(target, cause, look)),
  );
  const faults = errors.map(({ target, where, message }) =>
    [
      paint(look, signs.error.style, `! ${target === undefined ? "" : `${target}  `}${where}`),
      ...formatReason({ reason: message }, look, 8),
    ].join("\n"),
  );
  if (blocks.length + faults.length === 0) return "";
  return [heading("What failed", look), ...blocks, ...faults].join("\n");
}

/** Of a repeated run: in how many rounds each requirement passed, and which were not the same in all of them. */
function formatRounds(statement: Statement, look: Look): string {
  const { rounds } = statement.run;
  if (rounds === undefined) return "";
  const flips = flipsOf(statement).map(({ target, requirement, outcomes }) => {
    const passed = outcomes.filter((outcome) => outcome === "passed").length;
    const each = outcomes.map((outcome) => paint(look, signs[outcome].style, signs[outcome].symbol)).join("");
    return `  ${requirement} on ${target}: passed in ${passed} of ${rounds}, ${each}`;
  });
  const same = statement.targets.flatMap(({ name, results }) => {
    const steady = results.filter(({ rounds: outcomes = [] }) => new Set(outcomes).size === 1);
    return outcomes.flatMap((outcome) => {
      const ids = steady.filter((result) => result.outcome === outcome).map(({ requirement }) => requirement);
      return ids.length === 0 ? [] : [`  ${name}  ${outcome} in ${rounds} of ${rounds}: ${ids.join(" ")}`];
    });
  });
  const told = flips.length > 0 ? ["  not the same in every round:", ...flips] : [];
  return [heading(`Repeated ${rounds} times`, look), ...same, ...told].join("\n");
}

function formatCause(target: TargetStatement, cause: CauseStatement, look: Look): string {
  const { symbol, style } = signs[cause.outcome];
  const taken = target.results.filter(({ requirement }) => cause.requirements.includes(requirement));
  const [first] = taken;
  const named = cause.kind !== "same words";
  const shown = first && taken.length === 1 && !named ? titleOfFailed(first, cause) : undefined;
  const head =
    first && shown !== undefined
      ? `${paint(look, style, `${symbol} ${first.requirement} on ${target.name}`)}  ${shown}`
      : `${paint(look, style, `${symbol} ${named ? cause.kind : "one cause"} on ${target.name}`)}  ${formatTaken(taken)}`;
  const source =
    first && shown !== undefined
      ? [paint(look, "gray", `${indent}${formatRule(first, shown)}`)]
      : wrapIds(cause.requirements, look);
  const others =
    first && taken.length === 1 ? first.tests.filter((test) => test.cause !== cause.id).length : 0;
  return [
    head,
    ...source,
    ...formatReason(cause, look, 8),
    ...(others > 0 && first
      ? [`${indent}(${plural(others, "more test")} of ${first.requirement} in conformance.json)`]
      : []),
    ...(cause.evidence.length > 0 ? [`${indent}evidence: ${cause.evidence.join(" ")}`] : []),
  ].join("\n");
}

/** `MUST, Containers Tutorial, Chapter 2`, and the rule where the test that failed says something else. */
function formatRule({ level, source, title }: RequirementResult, shown: string): string {
  return `${level}, ${source.text}${shown === title ? "" : `: ${title}`}`;
}

/** `took 23 requirements, 20 of them MUST`. */
function formatTaken(taken: readonly RequirementResult[]): string {
  const musts = taken.filter(({ level }) => level === "MUST").length;
  const all = `took ${plural(taken.length, "requirement")}`;
  return musts === taken.length ? `${all}, all MUST` : `${all}, ${musts} of them MUST`;
}

function wrapIds(ids: readonly string[], look: Look): string[] {
  const lines: string[] = [];
  for (const id of ids) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + id.length < look.width) lines[lines.length - 1] = `${last} ${id}`;
    else lines.push(`${indent}${id}`);
  }
  return lines.map((line) => paint(look, "gray", line));
}

/** Why requirements were blocked or unsupported, or nothing was seen of them: one line per reason. */
function formatGaps({ targets }: Statement, look: Look): string {
  const lines = new Map<string, string[]>();
  for (const { name, results } of targets) {
    for (const { requirement, outcome, reason, tests } of results) {
      const sawNothing = outcome === "not run" && tests.some((test) => test.sawNothing);
      if (outcome !== "blocked" && outcome !== "unsupported" && !sawNothing) continue;
      const key = `${signs[outcome].symbol} ${name}  ${sawNothing ? "nothing seen" : outcome}: ${firstLineOf(reason)}`;
      lines.set(key, [...(lines.get(key) ?? []), requirement]);
    }
  }
  if (lines.size === 0) return "";
  const shown = [...lines].map(([key, ids]) => shorten(`  ${key} (${ids.join(" ")})`, look.width));
  return [heading("What could not be shown", look), ...shown].join("\n");
}

/** What is worth knowing although the outcomes stand: one line per note. */
function formatNotes({ targets }: Statement, look: Look): string {
  const lines = new Map<string, Set<string>>();
  for (const { name, results } of targets) {
    for (const { requirement, notes = [] } of results) {
      for (const note of notes) {
        const key = `on ${name}: ${firstLineOf(note)}`;
        lines.set(key, (lines.get(key) ?? new Set()).add(requirement));
      }
    }
  }
  if (lines.size === 0) return "";
  const shown = [...lines].map(([key, ids]) => shorten(`  ${[...ids].join(" ")} ${key}`, look.width));
  return [heading("Worth knowing", look), ...shown].join("\n");
}

function firstLineOf(text = ""): string {
  return text.split("\n")[0] ?? "";
}

function formatSlowest({ targets }: Statement, look: Look): string {
  const tests = targets.flatMap(({ name, results }) =>
    results.flatMap((result) => result.tests.map((test) => ({ target: name, ...test }))),
  );
  const slowest = tests
    .filter(({ durationMs }) => durationMs >= 100)
    .sort((a, b) => b.durationMs - a.durationMs)
    .slice(0, 3);
  if (slowest.length === 0) return "";
  const lines = slowest.map(({ target, name, durationMs }) =>
    shorten(`  ${formatDuration(durationMs).padStart(8)}  ${target}  ${name}`, look.width),
  );
  return [heading("Slowest", look), ...lines].join("\n");
}

function formatFiles(statement: Statement, files: Readonly<Record<string, string>>, look: Look): string {
  const wide = Math.max(...Object.keys(files).map((name) => name.length));
  const lines = Object.entries(files).map(([name, path]) => `  ${name.padEnd(wide)}  ${path}`);
  const took = formatDuration(statement.run.durationMs);
  return [heading(`Reports (the run took ${took})`, look), ...lines].join("\n");
}

function formatLastLines({ run, summary, targets, errors }: Statement, look: Look): string {
  const owing = targets.filter(({ results }) => results.length > 0);
  const verdicts = owing.map((target) => {
    const { name, profiles } = target;
    if (!wasRun(target)) return `${paint(look, "bold", name)}  ${paint(look, "gray", "not run")}`;
    const parts = verdictsWorstFirst.flatMap((verdict) => {
      const entries = profiles.filter((entry) => entry.verdict === verdict);
      if (entries.length === 0) return [];
      const names = entries.map(({ profile, unsupported }) =>
        verdict === "partial" ? `${profile} (without ${unsupported.join(" ")})` : profile,
      );
      return `${paint(look, verdictStyles[verdict], verdict)}: ${names.join(", ")}`;
    });
    return `${paint(look, "bold", name)}  ${parts.join("; ")}`;
  });
  const { passed, failed, error, blocked, unsupported, notRun } = summary;
  const lines = [...verdicts];
  if (run.seed !== undefined) lines.push(`The order was that of --shuffle ${run.seed}`);
  if (!run.complete) {
    lines.push(paint(look, ["red", "bold"], `The run is incomplete: ${run.incompleteBecause}`));
  }
  if (passed === 0) lines.push(paint(look, ["red", "bold"], "Nothing passed, so nothing is shown."));
  const faults = errors.length === 0 ? "" : `, ${plural(errors.length, "fault")} of the suite itself`;
  lines.push(
    `${passed} passed, ${failed} failed, ${error} error, ${blocked} blocked, ${unsupported} unsupported, ${notRun} not run${faults}`,
  );
  return lines.join("\n");
}

function heading(text: string, look: Look): string {
  return paint(look, ["bold", "underline"], text);
}

/** `1 file`, `2 files`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`;
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
