import { type CnmFaultName, cnmFaultNames } from "#drivers/reference/faults/tables/cnm.ts";
import { UsageError } from "#harness/core/errors.ts";
import type { Fault } from "./fault.ts";
import { faults } from "./faults/all.ts";
import { type CniFault, cniFaults } from "./faults/cni.ts";
import type { Tier } from "./proof.ts";

/** What to inject. */
export interface Selection {
  readonly faults: readonly Fault[];
  readonly cnm: readonly CnmFaultName[];
  readonly cni: readonly CniFault[];
}

/**
 * Faults of these tiers, by name where names are given. `only` leaves the chapters' faults of these drivers. Throws
 * `UsageError` for a name that nobody has, and when nothing is left.
 */
export function choose({
  tiers,
  names,
  only: drivers,
}: {
  tiers: readonly Tier[];
  names?: readonly string[] | undefined;
  only?: readonly string[];
}): Selection {
  const wanted = (name: string) => names?.includes(name) ?? true;
  const all = [...faults.map(({ name }) => name), ...cnmFaultNames, ...cniFaults.map(({ name }) => name)];
  for (const name of names ?? []) {
    if (all.includes(name)) continue;
    throw new UsageError(`--only ${name}: no such fault`, {
      hint: `one of ${[...new Set(all)].join(", ")}`,
    });
  }
  const selection = {
    faults: tiers.includes("chapters")
      ? faults.filter(({ name, driver }) => wanted(name) && (drivers?.includes(driver) ?? true))
      : [],
    cnm: tiers.includes("cnm") ? cnmFaultNames.filter(wanted) : [],
    cni: tiers.includes("cni") ? cniFaults.filter(({ name }) => wanted(name)) : [],
  };
  if (Object.values(selection).every((chosen) => chosen.length === 0)) {
    throw new UsageError(
      `nothing to prove: ${names?.join(", ") ?? `DRIVER=${drivers?.join(",")}`} in ${tiers.join(", ")}`,
    );
  }
  return selection;
}
