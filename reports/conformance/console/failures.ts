import { causesOf, titleOfFailed } from "#reports/conformance/outcome/causes.ts";
import type {
  CauseStatement,
  RequirementResult,
  Statement,
  TargetStatement,
} from "#reports/conformance/schema.ts";
import { plural } from "#reports/conformance/words.ts";
import { partEvidence } from "#reports/trace/link.ts";
import { heading, indent, type Look, paint, signs } from "./look.ts";

/** Why something failed, in at most `limit` lines, and the line that shows it by hand. */
export function formatReason(
  { reason, reproduce }: { reason?: string | undefined; reproduce?: string | undefined },
  look: Look,
  limit: number,
): string[] {
  const lines = shortenLines((reason ?? "no reason given").split("\n"), limit).map(
    (line) => indent + shortenLine(line, look),
  );
  if (reproduce !== undefined) lines.push(`${indent}${paint(look, "cyan", "by hand:")} ${reproduce}`);
  return lines;
}

/** A call with all of its configuration in one line is no text that a person reads on a terminal. */
function shortenLine(line: string, { width }: Look): string {
  const limit = 5 * width;
  if (line.length <= limit) return line;
  return `${line.slice(0, limit)}… ${line.length - limit} more characters in conformance.json …`;
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

/** Every cause once, with the requirements that it took. */
export function formatFailures(
  { targets, errors }: Pick<Statement, "targets" | "errors">,
  look: Look,
): string {
  const causes = targets.flatMap((target) => causesOf(target).map((cause) => ({ target, cause })));
  const blocks = causes
    .filter(({ cause }) => cause.outcome !== "engine at fault")
    .map(({ target, cause }) => formatCause(target, cause, look));
  const engines = causes
    .filter(({ cause }) => cause.outcome === "engine at fault")
    .map(({ target, cause }) => formatCause(target, cause, look));
  const faults = errors.map(({ target, where, message }) =>
    [
      paint(look, signs.error.style, `! ${target === undefined ? "" : `${target}  `}${where}`),
      ...formatReason({ reason: message }, look, 8),
    ].join("\n"),
  );
  const section = (title: string, told: readonly string[]) =>
    told.length === 0 ? [] : [[heading(title, look), ...told].join("\n")];
  return [
    ...section("What failed", [...blocks, ...faults]),
    ...section("Engines at fault: the plugin is not charged", engines),
  ].join("\n\n");
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
  const { page, files } = partEvidence(cause.evidence);
  const others =
    first && taken.length === 1 ? first.tests.filter((test) => test.cause !== cause.id).length : 0;
  return [
    head,
    ...source,
    ...formatReason(cause, look, 8),
    ...(others > 0 && first
      ? [`${indent}(${plural(others, "more test")} of ${first.requirement} in conformance.json)`]
      : []),
    ...(page === undefined ? [] : [`${indent}on one page: ${page}`]),
    ...(files.length > 0 ? [`${indent}evidence: ${files.join(" ")}`] : []),
  ].join("\n");
}

/** `MUST, Containers Tutorial, Chapter 2`, and the rule where the test that failed says something else. */
function formatRule({ level, provisional, source, title }: RequirementResult, shown: string): string {
  return `${level}${provisional ? ", provisional and no verdict" : ""}, ${source.text}${shown === title ? "" : `: ${title}`}`;
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
