import XMLBuilder from "fast-xml-builder";
import { firstLineOf } from "#harness/core/text/lines.ts";
import { isProtocolSuite } from "#reports/target.ts";
import { partEvidence } from "#reports/trace/link.ts";
import type { GateResult } from "./gates/schema.ts";
import { referTo, toldBefore } from "./outcome/causes.ts";
import type { RequirementResult, Statement, TargetStatement } from "./schema.ts";

/**
 * The statement as JUnit XML: a suite per target and profile, a case per requirement (`M4 containers …`).
 * Unsupported, blocked and not run are `skipped` with the reason, and so is what is provisional and did not pass; faults of the suite are `error`.
 */
export function formatJUnit(statement: Statement): string {
  const suites = statement.targets.flatMap((target) =>
    target.profiles.map(({ profile }) => suiteOf(statement, target, profile)),
  );
  const faults = statement.errors.map(({ target, where, message }) => ({
    "@name": where,
    "@classname": target ?? "suite",
    "@time": "0",
    error: { "@message": cleanLine(message), "#text": clean(message) },
  }));
  if (!statement.run.complete) {
    const why = statement.run.incompleteBecause ?? "";
    faults.push({
      "@name": "the run gets to its end",
      "@classname": "run",
      "@time": "0",
      error: { "@message": cleanLine(why), "#text": clean(why) },
    });
  }
  const gates = (statement.gates ?? []).map(gateCase);
  const all = [
    ...suites,
    ...(gates.length > 0 ? [countedSuite("gates", gates, statement.run.startedAt)] : []),
    ...(faults.length > 0 ? [countedSuite("suite", faults, statement.run.startedAt)] : []),
  ];
  const sum = (key: "@tests" | "@failures" | "@errors" | "@skipped") =>
    all.reduce((total, suite) => total + suite[key], 0);
  const builder = new XMLBuilder({
    attributeNamePrefix: "@",
    ignoreAttributes: false,
    suppressEmptyNode: true,
    format: true,
  });
  return builder.build({
    "?xml": { "@version": "1.0", "@encoding": "UTF-8" },
    testsuites: {
      "@name": statement.generator.name,
      "@tests": sum("@tests"),
      "@failures": sum("@failures"),
      "@errors": sum("@errors"),
      "@skipped": sum("@skipped"),
      "@time": seconds(statement.run.durationMs),
      testsuite: all,
    },
  });
}

interface JUnitCase {
  "@name": string;
  "@classname": string;
  "@time": string;
  failure?: unknown;
  error?: unknown;
  skipped?: unknown;
  "system-out"?: string;
}

/** What a target was, and in which order its tests ran, for systems that compare runs. What is not known is left out; a reader may pass over all of it. */
function propertiesOf({ generator, environment, run }: Statement, target: TargetStatement) {
  const { commit, nodes = [], binaries = [] } = target;
  const distinct = (values: readonly string[]) => [...new Set(values)].join(" ");
  const found = Object.entries({
    netconform: generator.version,
    commit: commit ? `${commit.id}${commit.dirty ? " dirty" : ""}` : "",
    kernel: distinct(nodes.length > 0 ? nodes.map(({ kernel }) => kernel) : [environment.host.kernel]),
    engine: distinct(nodes.map(({ engine }) => engine)),
    "plugin.path": binaries.map(({ path }) => path).join(" "),
    "plugin.sha256": binaries.map(({ sha256 }) => sha256).join(" "),
    "plugin.version": isProtocolSuite(target.engine) ? Object.values(target.versions).join(" ") : "",
    seed: run.seed === undefined ? "" : String(run.seed),
  }).filter(([, value]) => value !== "");
  return { property: found.map(([name, value]) => ({ "@name": name, "@value": clean(value) })) };
}

function suiteOf(statement: Statement, target: TargetStatement, profile: string) {
  const cases = target.results
    .filter((result) => result.profile === profile)
    .map((result) => caseOf(target, result));
  const { startedAt } = statement.run;
  return countedSuite(`${target.name} ${profile}`, cases, startedAt, propertiesOf(statement, target));
}

function countedSuite(
  name: string,
  cases: readonly JUnitCase[],
  timestamp: string,
  properties?: ReturnType<typeof propertiesOf>,
) {
  return {
    "@name": name,
    "@timestamp": timestamp,
    "@tests": cases.length,
    "@failures": cases.filter(({ failure }) => failure !== undefined).length,
    "@errors": cases.filter(({ error }) => error !== undefined).length,
    "@skipped": cases.filter(({ skipped }) => skipped !== undefined).length,
    "@time": cases.reduce((sum, item) => sum + Number(item["@time"]), 0).toFixed(3),
    ...(properties ? { properties } : {}),
    testcase: cases,
  };
}

/** What a latency may be at most, on one target. */
function gateCase({ gate, limitMs, target, outcome, reason = outcome }: GateResult): JUnitCase {
  const details = { "@message": cleanLine(reason), "@type": outcome, "#text": clean(reason) };
  return {
    "@name": `${gate} is at most ${limitMs} ms`,
    "@classname": `${target}.gates`,
    "@time": "0",
    ...(outcome === "failed" ? { failure: details } : {}),
    ...(outcome === "error" ? { error: details } : {}),
  };
}

/** What several requirements share is told by the first of them alone. */
function caseOf(target: TargetStatement, result: RequirementResult): JUnitCase {
  const told = toldBefore(target, result);
  const reason = told ? referTo(told) : (result.reason ?? result.outcome);
  const { page, files } = partEvidence(result.evidence);
  const isCounted = !result.provisional;
  const isSkipped =
    result.outcome !== "passed" && (!isCounted || !["failed", "error"].includes(result.outcome));
  const details = {
    "@message": cleanLine(reason),
    "@type": result.outcome,
    "#text": clean(
      [
        reason,
        ...(told || result.reproduce === undefined ? [] : [`by hand: ${result.reproduce}`]),
        ...(page === undefined ? [] : [`on one page: ${page}`]),
        ...files.map((file) => `evidence: ${file}`),
        `source: ${result.source.text} ${result.source.url ?? ""}`.trimEnd(),
      ].join("\n"),
    ),
  };
  return {
    "@name": clean(`${result.requirement} ${result.title}`),
    "@classname": `${target.name}.${result.profile}`,
    "@time": seconds(result.durationMs),
    ...(isCounted && result.outcome === "failed" ? { failure: details } : {}),
    ...(isCounted && result.outcome === "error" ? { error: details } : {}),
    ...(isSkipped
      ? {
          skipped: {
            "@message": clean(`${isCounted ? "" : "provisional, "}${result.outcome}: ${cleanLine(reason)}`),
          },
        }
      : {}),
    ...(result.notes ? { "system-out": clean(result.notes.join("\n")) } : {}),
  };
}

const seconds = (ms: number) => (ms / 1000).toFixed(3);
const cleanLine = (text: string) => clean(firstLineOf(text));

/** XML 1.0 has no place for most control characters, and a command's output may hold any of them. */
function clean(text: string): string {
  return text.replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD");
}
