import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { compareVersions } from "#harness/core/compare-versions.ts";
import { HarnessError, Nonconformance, Unsupported } from "#harness/core/errors.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import { outOfView } from "#harness/observe/second-look/view.ts";
import type { DockerPromise } from "#suites/requirements/applicability/docker-promise.ts";
import type { TestTools } from "./tools.ts";

/** What decides whether something is promised, and takes what was seen. */
export interface Judged {
  readonly cluster: Pick<ChapterContext["cluster"], "engine">;
  readonly declaration: Pick<ChapterContext["declaration"], "capabilities">;
  readonly fact: TestTools["fact"];
}

/**
 * A rule that Docker promises, and only from a version on: the catalogue has it (`Requirement.promised`), and `test` carries it. The
 * specification of CNI promises nothing of it: through CNI it is a rule for a driver that declares `overCni`, whatever the engine. Where it is
 * none the same is looked at, what was seen is a fact of the report, and the test ends with `Unsupported`.
 */
export async function judgeAsPromised(
  test: Judged & Pick<TestTools, "promise">,
  look: () => Promise<void>,
): Promise<void> {
  const { cluster, fact, promise } = test;
  if (!promise) throw new HarnessError("the catalogue does not say since when Docker promises this");
  const { since, overCni } = promise;
  if (isPromised(since, test, promise)) return look();
  const broken = await outOfView(look).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof Nonconformance) return error;
      throw error;
    },
  );
  fact(`promised since Docker ${since}`, broken ? firstLineOf(broken.message) : "it holds");
  throw new Unsupported(
    isThroughCni(test)
      ? `Docker promises it, and CNI does not${overCni ? ` without ${overCni}` : ""}`
      : `Docker promises it since ${since}, the cluster runs ${cluster.engine}`,
  );
}

/** Whether an engine of that version or a newer one is there, or, through CNI, a driver that declares what stands for it. */
export function isPromised(
  version: string,
  test: Pick<Judged, "cluster" | "declaration">,
  { overCni }: Pick<DockerPromise, "overCni"> = {},
): boolean {
  return isThroughCni(test)
    ? overCni !== undefined && test.declaration.capabilities.includes(overCni)
    : compareVersions(test.cluster.engine, version) >= 0;
}

function isThroughCni({ declaration }: Pick<Judged, "declaration">): boolean {
  return declaration.capabilities.includes("cni");
}
