import { stripVTControlCharacters } from "node:util";
import type { TestCase } from "vitest/node";
import { z } from "zod";
import { outcomes } from "#harness/conformance/outcome.ts";
import { type CauseKind, causeKinds } from "#harness/core/failure/cause.ts";
import { costSchema } from "#reports/conformance/cost/schema.ts";
import type { SuiteError } from "#reports/conformance/schema.ts";
import { citedBy, type ExpectedTarget, type Observation } from "#reports/conformance/statement.ts";
import { pageOf } from "#reports/trace/link.ts";
import { isRequirementId, type RequirementId, requirementOf } from "#suites/requirements/catalogue.ts";

const metaSchema = z.object({
  requirement: z.string().refine(isRequirementId, { error: "not in the catalogue" }),
  chapter: z.string(),
  outcome: z.enum(outcomes),
  reason: z.string().optional(),
  cause: z
    .object({
      kind: z.enum(Object.keys(causeKinds) as CauseKind[]),
      what: z.string(),
      place: z.string().optional(),
    })
    .transform((cause) => withoutUndefined(cause))
    .optional(),
  sawNothing: z.literal(true).optional(),
  notes: z.array(z.string()).optional(),
  durationMs: z.number().nonnegative(),
  lookedIntoMs: z.number().nonnegative().optional(),
  cost: costSchema.optional(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  evidence: z.array(z.string()).optional(),
  transcript: z.string().optional(),
  trace: z.string().optional(),
  reproduce: z.string().optional(),
});

/** Either what a test showed of a requirement, or why it shows nothing: then the suite is at fault. */
export type Reading = { observation: Observation } | { fault: SuiteError };

/**
 * Reads one test of a target. vitest's own state overrules the outcome the test left behind where
 * they disagree: what vitest saw failing is never taken for passed, and a test that was skipped or did not end
 * is `not run` unless it says that it is unsupported or blocked, that an engine is at fault, why it saw nothing, or what a provisional
 * requirement ended with.
 */
export function readTest(testCase: TestCase, target: ExpectedTarget): Reading {
  const { state } = testCase.result();
  const where = `${testCase.module.relativeModuleId} › ${testCase.fullName}`;
  const left = (testCase.meta() as { conformance?: unknown }).conformance;
  const base = {
    target: target.name,
    test: testCase.name,
    file: testCase.module.relativeModuleId,
    ...(testCase.location ? { line: testCase.location.line } : {}),
    driver: target.driver,
    engine: target.engine,
    durationMs: testCase.diagnostic()?.duration ?? 0,
  };

  if (left === undefined) {
    const requirement = citedBy(testCase.name);
    const finished = state === "passed" || state === "failed";
    if (requirement === undefined || finished) {
      const message =
        errorText(testCase) ?? "the test cites no requirement, so what it shows belongs nowhere";
      return { fault: { target: target.name, where, message } };
    }
    return { observation: { ...base, ...notRun(testCase, requirement, chapterOf(testCase)) } };
  }

  const parsed = metaSchema.safeParse(left);
  if (!parsed.success) {
    const message = `the test left an unreadable outcome: ${z.prettifyError(parsed.error)}`;
    return { fault: { target: target.name, where, message } };
  }
  const meta = withoutUndefined(parsed.data);
  const observation: Observation = { ...base, ...meta, requirement: meta.requirement as RequirementId };
  if (meta.trace !== undefined) observation.evidence = [pageOf(meta.trace), ...(meta.evidence ?? [])];
  if (meta.reason !== undefined) observation.reason = stripVTControlCharacters(meta.reason);

  switch (state) {
    case "failed": {
      if (meta.outcome === "failed" || meta.outcome === "error") return { observation };
      const reason = errorText(testCase) ?? "vitest saw the test fail";
      return {
        observation: {
          ...observation,
          outcome: "error",
          reason,
          durationMs: Math.max(base.durationMs, meta.durationMs),
        },
      };
    }
    case "passed":
      if (meta.outcome !== "not run") return { observation };
      return {
        observation: { ...observation, outcome: "error", reason: "the test ended without an outcome" },
      };
    default:
      if (["unsupported", "blocked", "engine at fault"].includes(meta.outcome) || meta.sawNothing)
        return { observation };
      if (state === "skipped" && isToldAlone(observation)) return { observation };
      return { observation: { ...observation, ...notRun(testCase, observation.requirement, meta.chapter) } };
  }
}

/** What did not pass, of a requirement whose outcome is no verdict: vitest must not take it for one. */
function isToldAlone({ requirement, outcome }: Observation): boolean {
  return requirementOf(requirement).provisional === true && ["failed", "error"].includes(outcome);
}

function notRun(
  testCase: TestCase,
  requirement: RequirementId,
  chapter: string,
): Pick<Observation, "requirement" | "chapter" | "outcome" | "reason"> {
  const result = testCase.result();
  const skipped = result.state === "skipped" ? (result.note ?? "skipped or not selected") : undefined;
  return { requirement, chapter, outcome: "not run", reason: skipped ?? "the run ended before the test did" };
}

/** `suites/multihost/reach.test.ts` belongs to the chapter `multihost`. */
function chapterOf(testCase: TestCase): string {
  return testCase.module.relativeModuleId.split("/").at(-2) ?? testCase.module.relativeModuleId;
}

function errorText(testCase: TestCase): string | undefined {
  const messages = testCase.result().errors?.map((error) => stripVTControlCharacters(error.message));
  return messages && messages.length > 0 ? messages.join("\n") : undefined;
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Defined<T>;
}
