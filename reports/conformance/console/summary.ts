import { outcomes } from "#harness/conformance/outcome.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import { shownBy } from "#reports/conformance/outcome/green.ts";
import { flipsOf } from "#reports/conformance/outcome/verdict.ts";
import type { ProfileVerdict, Statement } from "#reports/conformance/schema.ts";
import { formatDuration, plural } from "#reports/conformance/words.ts";
import { isProtocolSuite } from "#reports/target.ts";
import { formatFailures } from "./failures.ts";
import { heading, type Look, paint, shorten, signs } from "./look.ts";
import { formatMatrix, verdictStyles, wasRun } from "./table.ts";

const verdictsWorstFirst: readonly ProfileVerdict[] = [
  "not conformant",
  "incomplete",
  "conformant",
  "partial",
  "not applicable",
  "not run",
];

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
    formatTested(statement, look),
    formatSlowest(statement, look),
    formatFiles(statement, files, look),
    formatLastLines(statement, look),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
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

/** The executables that a protocol suite has judged: path, checksum, and what they say of themselves. */
function formatTested({ targets }: Statement, look: Look): string {
  const lines = targets
    .filter((target) => isProtocolSuite(target.engine) && wasRun(target))
    .flatMap(({ binaries = [], versions }) =>
      binaries.map(({ path, sha256 }) =>
        [`  ${path}`, `sha256 ${sha256}`, ...Object.values(versions)].join("  "),
      ),
    );
  return lines.length === 0 ? "" : [heading("What was tested", look), ...new Set(lines)].join("\n");
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

function formatLastLines(statement: Statement, look: Look): string {
  const { run, summary, targets, errors } = statement;
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
  const { passed, failed, error, engineAtFault = 0, blocked, unsupported, notRun } = summary;
  const engines = engineAtFault === 0 ? "" : `, ${engineAtFault} engine at fault`;
  const lines = [...verdicts];
  if (run.seed !== undefined) lines.push(`The order was that of --shuffle ${run.seed}`);
  if (!run.complete) {
    lines.push(paint(look, ["red", "bold"], `The run is incomplete: ${run.incompleteBecause}`));
  }
  const shown = shownBy(statement);
  if (shown === "nothing") lines.push(paint(look, ["red", "bold"], "Nothing passed, so nothing is shown."));
  if (shown === "in part") {
    lines.push(paint(look, ["red", "bold"], "Only what is provisional was met, and some of it failed."));
  }
  if (shown === "provisional") lines.push("All that passed is provisional: that is no verdict.");
  const faults = errors.length === 0 ? "" : `, ${plural(errors.length, "fault")} of the suite itself`;
  lines.push(
    `${passed} passed, ${failed} failed, ${error} error${engines}, ${blocked} blocked, ${unsupported} unsupported, ${notRun} not run${faults}`,
  );
  return lines.join("\n");
}
