import type { TestContext } from "vitest";
import type { ConformanceMeta } from "#harness/conformance/outcome.ts";
import { DeadlineExceeded, HarnessError } from "#harness/core/errors.ts";
import { describeEntry, type TranscriptEntry } from "#harness/host/transcript.ts";
import { requirementOf } from "#suites/requirements/catalogue.ts";

/** A failing test throws; one that does not apply, or is no verdict, is skipped with its reason. */
export function conclude(vitest: TestContext, meta: ConformanceMeta, failure: unknown): void {
  if (failure === undefined) return;
  const { provisional } = requirementOf(meta.requirement);
  if (
    provisional ||
    ["blocked", "unsupported", "engine at fault"].includes(meta.outcome) ||
    meta.sawNothing
  ) {
    const what = meta.sawNothing ? "nothing seen" : meta.outcome;
    vitest.skip(`${provisional ? "provisional, " : ""}${what}: ${meta.reason}`);
  }
  throw failure;
}

/** Adds the last commands to an error that would otherwise say only that time ran out. */
export function withLastCommands(error: unknown, entries: readonly TranscriptEntry[]): unknown {
  if (!(error instanceof DeadlineExceeded) || entries.length === 0) return error;
  const last = entries.slice(-3).map((entry) => `  ${describeEntry(entry)}`);
  return new HarnessError(`${error.message}\n  last commands:\n${last.join("\n")}`, { cause: error });
}
