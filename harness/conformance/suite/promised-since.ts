import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { compareVersions } from "#harness/core/compare-versions.ts";
import { Nonconformance, Unsupported } from "#harness/core/errors.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import { outOfView } from "#harness/observe/second-look/view.ts";
import type { Capability } from "#suites/requirements/capability.ts";
import type { TestTools } from "./tools.ts";

/** Where else than by Docker's documentation something is promised. */
interface OtherPromise {
  /** What plugins behind a CNI runtime declare that have it. */
  readonly overCni?: Capability;
}

/** What decides whether something is promised, and takes what was seen. */
export interface Judged {
  readonly cluster: Pick<ChapterContext["cluster"], "engine">;
  readonly declaration: Pick<ChapterContext["declaration"], "capabilities">;
  readonly fact: TestTools["fact"];
}

/**
 * A rule that Docker promises, and only from a version on, e.g. `28.0`. The specification of CNI promises nothing of it: through CNI it
 * is a rule for a driver that declares `overCni`, whatever the engine. Where it is none the same is looked at, what was seen is a fact of
 * the report, and the test ends with `Unsupported`.
 */
export async function promisedSince(
  version: string,
  test: Judged,
  look: () => Promise<void>,
  where: OtherPromise = {},
): Promise<void> {
  if (isPromised(version, test, where)) return look();
  const { cluster, fact } = test;
  const broken = await outOfView(look).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof Nonconformance) return error;
      throw error;
    },
  );
  fact(`promised since Docker ${version}`, broken ? firstLineOf(broken.message) : "it holds");
  const { overCni } = where;
  throw new Unsupported(
    isThroughCni(test)
      ? `Docker promises it, and CNI does not${overCni ? ` without ${overCni}` : ""}`
      : `Docker promises it since ${version}, the cluster runs ${cluster.engine}`,
  );
}

/** Whether an engine of that version or a newer one is there, or, through CNI, a driver that declares what stands for it. */
export function isPromised(
  version: string,
  test: Pick<Judged, "cluster" | "declaration">,
  { overCni }: OtherPromise = {},
): boolean {
  return isThroughCni(test)
    ? overCni !== undefined && test.declaration.capabilities.includes(overCni)
    : compareVersions(test.cluster.engine, version) >= 0;
}

function isThroughCni({ declaration }: Pick<Judged, "declaration">): boolean {
  return declaration.capabilities.includes("cni");
}
