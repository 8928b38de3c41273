import { chaptersOnDemand } from "#harness/conformance/run/projects.ts";
import { UsageError } from "#harness/core/errors.ts";
import type { WorkloadRuntimeName } from "#harness/core/settings/schema.ts";
import { describePlace, type Fault, isOfTier, runtimeOf, type Tier } from "./fault.ts";
import { faults } from "./faults/all.ts";

/** How many names a message has of what may be meant. */
const mostNear = 4;

/** The names in words such as `vxlan-dropped,names-of-own-node-only`. */
export function namesIn(words: readonly string[]): string[] {
  return words.flatMap((word) => word.split(",")).map((name) => name.trim());
}

/**
 * Faults of these tiers, by name where names are given; those of chapters on demand where `onDemand` is set, or by name. `only` leaves
 * the chapters' faults of these drivers, and `runtime` those of chapters whose containers it starts. Throws `UsageError` for a name that no fault
 * has, for one that something else leaves out, and when nothing is left.
 */
export function chooseFaults({
  tiers,
  names,
  onDemand = false,
  only: drivers,
  runtime,
}: {
  tiers: readonly Tier[];
  names?: readonly string[] | undefined;
  onDemand?: boolean;
  only?: readonly string[];
  runtime?: WorkloadRuntimeName;
}): Fault[] {
  const known = new Set(faults.map(({ name }) => name));
  for (const name of names ?? []) {
    if (known.has(name)) continue;
    throw unknownFault(name, "--only ", faults);
  }
  const isOfOther = (fault: Fault) =>
    isOfTier(fault, "chapters") && drivers !== undefined && !drivers.includes(fault.on.driver);
  const isThroughOther = (fault: Fault) =>
    isOfTier(fault, "chapters") && runtime !== undefined && runtimeOf(fault.on) !== runtime;
  const wanted = faults.filter(({ name }) => names?.includes(name) ?? true);
  if (names) {
    refuseLeftOut(
      wanted.filter(({ on }) => !tiers.includes(on.tier)),
      `--tier ${tiers.join(" ")}`,
      "leave --tier out",
    );
    refuseLeftOut(
      wanted.filter(isOfOther),
      `DRIVER=${drivers?.join(",")}`,
      "leave DRIVER out: each fault runs on its own driver; or name only faults of that one",
    );
    refuseLeftOut(
      wanted.filter(isThroughOther),
      `RUNTIME=${runtime}`,
      "leave RUNTIME out: each fault runs through its own",
    );
  }
  const chosen = wanted.filter(
    (fault) =>
      tiers.includes(fault.on.tier) &&
      (names || onDemand || !isOnDemand(fault)) &&
      !isOfOther(fault) &&
      !isThroughOther(fault),
  );
  if (chosen.length === 0) {
    const given = [
      ...(drivers ? [`DRIVER=${drivers.join(",")}`] : []),
      ...(runtime ? [`RUNTIME=${runtime}`] : []),
    ];
    throw new UsageError(`no fault is left: ${given.join(" ")} in ${tiers.join(", ")}`);
  }
  return chosen;
}

/** Throws `UsageError` for faults that were named and that what else was given leaves out. */
function refuseLeftOut(left: readonly Fault[], given: string, hint: string): void {
  if (left.length === 0) return;
  const places = left.map(({ name, on }) => `${name} is of ${describePlace(on)}`);
  throw new UsageError(`--only with ${given}: ${places.join(", ")}`, { hint });
}

function isOnDemand(fault: Fault): boolean {
  const chapters: readonly string[] = chaptersOnDemand;
  return isOfTier(fault, "chapters") && chapters.includes(fault.on.chapter);
}

/**
 * Throws `UsageError` where `--changed` leaves a fault out that was named: nothing that has changed concerns it. `touched`: what it
 * leaves of `named`.
 */
export function refuseUntouched(named: readonly Fault[], touched: readonly Fault[]): void {
  refuseLeftOut(
    named.filter((fault) => !touched.includes(fault)),
    "--changed",
    "no change touches them: leave --changed out",
  );
}

/** Throws `UsageError` where faults are not of chapters: their suites run several faults at a time, each of them once. */
export function refuseRepeated(faults: readonly Fault[]): void {
  refuseLeftOut(
    faults.filter((fault) => !isOfTier(fault, "chapters")),
    "--repeat",
    "faults of chapters can be repeated: give --tier chapters",
  );
}

/** For a name that none of the faults has; `how`: what stands before the name where the user gave it. Tells the few names that are nearest. */
export function unknownFault(name: string, how: string, among: readonly Pick<Fault, "name">[]): UsageError {
  const words = name.split("-").filter((word) => word.length > 2);
  const shared = (one: string) => words.filter((word) => one.includes(word)).length;
  const apart = (one: string) => Math.abs(one.length - name.length);
  const near = among
    .map((one) => one.name)
    .filter((one) => shared(one) > 0)
    .sort((a, b) => shared(b) - shared(a) || apart(a) - apart(b))
    .slice(0, mostNear);
  const expected = near.length > 0 ? `; expected e.g. ${near.join(", ")}` : "";
  return new UsageError(`${how}${name}: no such fault${expected}`, {
    hint: "docs/proof.md lists all of them",
  });
}
