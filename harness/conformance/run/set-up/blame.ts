import type { Driver } from "#drivers/driver.ts";
import { fileOfDriver } from "#drivers/loader.ts";
import { lineThrown } from "#drivers/loading/source-line.ts";
import type { Cluster } from "#harness/cluster/cluster.ts";
import { SetUpFailed } from "#harness/conformance/outcome.ts";
import { evidenceFolder, writeEvidence } from "#harness/conformance/suite/record/evidence-files.ts";
import { Blocked, HarnessError, messageOf, Nonconformance, UsageError } from "#harness/core/errors.ts";
import { causeOf } from "#harness/core/failure/cause.ts";
import { placeOf } from "#harness/core/failure/place.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import { collectEvidence } from "#harness/observe/evidence.ts";

/**
 * Who is to blame that a driver could not be installed or connected. A `Nonconformance` is the plugin's: `failed`. What is none of the
 * suite's own errors is a mistake of the driver file: `error`, with file and line. The rest broke on the way: `error`. `UsageError` and
 * `Blocked` stay what they are.
 */
export function blame(error: unknown, driver: Pick<Driver, "title">, reference: string): Error {
  if (error instanceof UsageError || error instanceof Blocked || error instanceof SetUpFailed) return error;
  const message = messageOf(error);
  const evidence: readonly string[] = [];
  const told = causeOf(error);
  if (error instanceof Nonconformance) {
    const cause = told ?? { kind: "plugin start" as const, what: firstLineOf(message) };
    return new SetUpFailed({ outcome: "failed", message, cause, evidence });
  }
  if (error instanceof HarnessError) {
    const cause = told ?? { kind: "set-up" as const, what: firstLineOf(message) };
    return new SetUpFailed({ outcome: "error", message, cause, evidence });
  }
  const file = fileOfDriver(reference);
  const inFile = lineThrown(file, error);
  // A driver may be of several files.
  const place = inFile === file ? (placeOf(error) ?? file) : inFile;
  const name = error instanceof Error ? error.name : "thrown";
  const what = `${place}: ${name}: ${firstLineOf(message)}`;
  return new SetUpFailed({
    outcome: "error",
    message: `the driver file of ${driver.title} made a mistake\n  ${what}`,
    cause: { kind: "driver file", what, place },
    evidence,
  });
}

/** The same failure with the state of the nodes, which is still as the plugin left it, as evidence. */
export async function withEvidence(
  error: Error,
  cluster: Pick<Cluster, "nodes">,
  { REPORTS }: { readonly REPORTS: string },
  target: { driver: string; engine: string },
): Promise<Error> {
  if (!(error instanceof SetUpFailed)) return error;
  const folder = `${evidenceFolder(REPORTS, target)}/install`;
  const evidence = writeEvidence(await collectEvidence(cluster), folder, REPORTS);
  return new SetUpFailed({ ...error.failure, evidence });
}
