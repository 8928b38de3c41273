import { outcomesByRound, worstOf } from "#reports/conformance/outcome/verdict.ts";
import {
  causedOutcomes,
  type RequirementResult,
  type Statement,
  type TargetStatement,
} from "#reports/conformance/schema.ts";
import { owes } from "#reports/conformance/statement.ts";
import type { Requirements } from "#reports/seal/suite.ts";
import { isProtocolSuite } from "#reports/target.ts";
import { differs, type Finding, unless } from "#reports/verify/finding.ts";
import { applicability } from "#suites/requirements/applicability/applicability.ts";
import type { Requirement } from "#suites/requirements/requirement.ts";

/** Times are added up as floating point numbers. */
const slackMs = 1;

/** Whether each target lists every requirement that it owes, once and as the catalogue has it, with the outcome of its tests. */
export function checkResults({ targets, run }: Statement, requirements: Requirements): Finding[] {
  return [
    ...repeated(targets.map(({ name }) => name)).map((name) => ({
      ...{ field: `targets.${name}`, what: "expected each target once" },
    })),
    ...unless(targets.length > 0, "targets", "expected at least one"),
    ...targets.flatMap((target) => [
      ...checkCompleteness(target, requirements),
      ...target.results.flatMap((result) => {
        const field = `targets.${target.name}.results.${result.requirement}`;
        const requirement = Object.hasOwn(requirements, result.requirement)
          ? requirements[result.requirement]
          : undefined;
        if (!requirement) return [{ field, what: "expected a requirement of the catalogue" }];
        return [
          ...checkTexts(field, result, requirement),
          ...checkOutcome(field, result, run.rounds),
          ...checkDeclared(field, result, requirement, target),
        ];
      }),
    ]),
  ];
}

function checkCompleteness(target: TargetStatement, requirements: Requirements): Finding[] {
  const field = `targets.${target.name}.results`;
  const listed = target.results.map(({ requirement }) => requirement);
  const owed = Object.entries(requirements).flatMap(([id, one]) => (owes(target, one) ? [id] : []));
  return [
    ...owed
      .filter((id) => !listed.includes(id))
      .map((id) => ({ field: `${field}.${id}`, what: "expected this requirement, which the target owes" })),
    ...repeated(listed).map((id) => ({ field: `${field}.${id}`, what: "expected each requirement once" })),
    ...unless(listed.length > 0, field, "expected at least one"),
  ];
}

function checkTexts(field: string, result: RequirementResult, requirement: Requirement): Finding[] {
  return [
    ...differs(`${field}.title`, requirement.title, result.title),
    ...differs(`${field}.level`, requirement.level, result.level),
    ...differs(`${field}.profile`, requirement.profile, result.profile),
    ...differs(`${field}.provisional`, requirement.provisional, result.provisional),
    ...differs(`${field}.source`, requirement.source.text, result.source.text),
  ];
}

function checkOutcome(field: string, result: RequirementResult, rounds: number | undefined): Finding[] {
  const { tests, outcome, reason, durationMs, causes = [], chapter } = result;
  const seeing = tests.filter(({ sawNothing }) => !sawNothing);
  const deciding = seeing.length > 0 ? seeing : tests;
  const total = tests.reduce((sum, test) => sum + test.durationMs, 0);
  const isCaused = (causedOutcomes as readonly string[]).includes(outcome);
  return [
    ...differs(`${field}.outcome`, worstOf(deciding.map((test) => test.outcome)), outcome),
    ...unless(
      Math.abs(total - durationMs) <= slackMs,
      `${field}.durationMs`,
      `expected ${total}, of all tests, got ${durationMs}`,
    ),
    ...unless(
      outcome === "passed" || reason !== undefined,
      `${field}.reason`,
      `expected why it is ${outcome}, got nothing`,
    ),
    ...unless(
      outcome !== "passed" || reason === undefined,
      `${field}.reason`,
      "expected none of what passed",
    ),
    ...unless(
      !isCaused || causes.length > 0,
      `${field}.causes`,
      `expected what made it ${outcome}, got nothing`,
    ),
    ...unless(
      tests.every(({ file }) => /^suites\/[\w-]+\/[\w.-]+\.test\.(ts|js)$/.test(file)),
      `${field}.tests`,
      "expected tests of the suites",
    ),
    ...unless(
      (chapter !== undefined) === tests.length > 0,
      `${field}.chapter`,
      `expected ${tests.length > 0 ? "that of its tests" : "none without a test"}, got ${chapter ?? "nothing"}`,
    ),
    ...(rounds === undefined
      ? unless(result.rounds === undefined, `${field}.rounds`, "expected none in a run of one round")
      : differs(
          `${field}.rounds`,
          tests.length > 0 ? outcomesByRound(tests, rounds) : undefined,
          result.rounds,
        )),
  ];
}

/** What a driver does not declare cannot have passed; and what it declares is no reason. */
function checkDeclared(
  field: string,
  { outcome, reason = "" }: RequirementResult,
  requirement: Requirement,
  { driver: name, declared, engine }: TargetStatement,
): Finding[] {
  if (isProtocolSuite(engine)) return [];
  const found = applicability(requirement, { on: "cluster", name, capabilities: declared });
  const needless = /does not declare ([\w-]+)/.exec(reason)?.[1];
  return [
    ...unless(
      outcome !== "passed" || found.answer !== "unsupported",
      `${field}.outcome`,
      `expected unsupported, since ${found.answer === "unsupported" ? found.reason : ""}, got passed`,
    ),
    ...unless(
      outcome !== "unsupported" || needless === undefined || !declared.includes(needless),
      `${field}.reason`,
      `expected a capability that ${name} does not declare, got ${needless}, which it does`,
    ),
  ];
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
