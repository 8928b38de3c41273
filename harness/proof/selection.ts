import { UsageError } from "#harness/core/errors.ts";
import { type Fault, isOfTier, type Tier } from "./fault.ts";
import { faults } from "./faults/all.ts";

/**
 * Faults of these tiers, by name where names are given. `only` leaves the chapters' faults of these drivers. Throws
 * `UsageError` for a name that no fault has, and when nothing is left.
 */
export function chooseFaults({
  tiers,
  names,
  only: drivers,
}: {
  tiers: readonly Tier[];
  names?: readonly string[] | undefined;
  only?: readonly string[];
}): Fault[] {
  const known = new Set(faults.map(({ name }) => name));
  for (const name of names ?? []) {
    if (known.has(name)) continue;
    throw new UsageError(`--only ${name}: no such fault`, { hint: `one of ${[...known].join(", ")}` });
  }
  const chosen = faults.filter(
    (fault) =>
      tiers.includes(fault.on.tier) &&
      (names?.includes(fault.name) ?? true) &&
      (!isOfTier(fault, "chapters") || (drivers?.includes(fault.on.driver) ?? true)),
  );
  if (chosen.length === 0) {
    throw new UsageError(
      `no fault is left: ${names?.join(", ") ?? `DRIVER=${drivers?.join(",")}`} in ${tiers.join(", ")}`,
    );
  }
  return chosen;
}
