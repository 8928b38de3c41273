import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { compareVersions } from "#harness/core/compare-versions.ts";
import { Nonconformance, Unsupported } from "#harness/core/errors.ts";
import { outOfView } from "#harness/observe/second-look/view.ts";
import type { Capability } from "#suites/requirements/capability.ts";
import type { TestTools } from "./tools.ts";

/** Where else than by Docker's documentation something is promised. */
interface OtherPromise {
  /** What plugins behind a CNI runtime declare that have it. */
  readonly overCni?: Capability;
}

/**
 * A rule that Docker promises, and only from a version on, e.g. `28.0`. On older engines, and through CNI, whose specification
 * has no such promise, unless the driver declares `overCni`, the same is looked at, what was seen is a fact of the report, and the test ends with `Unsupported`.
 */
export async function promisedSince(
  version: string,
  { cluster, declaration, fact }: ChapterContext & TestTools,
  look: () => Promise<void>,
  { overCni }: OtherPromise = {},
): Promise<void> {
  const throughCni = declaration.capabilities.includes("cni");
  const isPromised = throughCni
    ? overCni !== undefined && declaration.capabilities.includes(overCni)
    : compareVersions(cluster.engine, version) >= 0;
  if (isPromised) return look();
  const broken = await outOfView(look).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof Nonconformance) return error;
      throw error;
    },
  );
  fact(`promised since Docker ${version}`, broken?.message.split("\n", 1)[0] ?? "it holds");
  throw new Unsupported(
    throughCni
      ? `Docker promises it, and CNI does not${overCni ? ` without ${overCni}` : ""}`
      : `Docker promises it since ${version}, the cluster runs ${cluster.engine}`,
  );
}
