import { readSettings } from "#harness/config/settings.ts";
import { UsageError } from "#harness/errors.ts";
import { type CniFault, cniFaults } from "./cni-faults.ts";
import { type CnmFaultName, cnmFaultNames } from "./cnm-faults.ts";
import type { Tier } from "./proof.ts";
import type { Saboteur } from "./saboteur.ts";
import { saboteurs } from "./saboteurs.ts";

/** What to let loose. */
export interface Selection {
  readonly saboteurs: readonly Saboteur[];
  readonly cnm: readonly CnmFaultName[];
  readonly cni: readonly CniFault[];
}

/**
 * Saboteurs and faults of these tiers, by name where names are given. `DRIVER` in the environment leaves only the
 * chapters' saboteurs of those drivers. Throws `UsageError` for a name that nobody has, and when nothing is left.
 */
export function choose({
  tiers,
  names,
}: {
  tiers: readonly Tier[];
  names?: readonly string[] | undefined;
}): Selection {
  const drivers = process.env.DRIVER ? readSettings().DRIVER : undefined;
  const wanted = (name: string) => names?.includes(name) ?? true;
  const all = [...saboteurs.map(({ name }) => name), ...cnmFaultNames, ...cniFaults.map(({ name }) => name)];
  for (const name of names ?? []) {
    if (all.includes(name)) continue;
    throw new UsageError(`--only ${name}: no such saboteur or fault`, {
      hint: `one of ${[...new Set(all)].join(", ")}`,
    });
  }
  const selection = {
    saboteurs: tiers.includes("chapters")
      ? saboteurs.filter(({ name, driver }) => wanted(name) && (drivers?.includes(driver) ?? true))
      : [],
    cnm: tiers.includes("cnm") ? cnmFaultNames.filter(wanted) : [],
    cni: tiers.includes("cni") ? cniFaults.filter(({ name }) => wanted(name)) : [],
  };
  if (Object.values(selection).every((chosen) => chosen.length === 0)) {
    throw new UsageError(
      `nothing to prove: ${names?.join(", ") ?? `DRIVER=${process.env.DRIVER}`} in ${tiers.join(", ")}`,
    );
  }
  return selection;
}
