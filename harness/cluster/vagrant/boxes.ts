import { engineVersions, formatSource, parseEngine } from "#harness/core/engines/grammar.ts";
import { UsageError } from "#harness/core/errors.ts";
import type { Settings } from "#harness/core/settings/schema.ts";

/** Value of VAGRANT_BOX for boxes that are made here, with any engine. */
export const localBox = "local";

/**
 * Requires engines of ENGINE that the machines can be given: any in boxes and images that are made here, else what the box's Debian
 * release has. Throws `UsageError` for the first other one.
 */
export function refuseOtherSources({
  ENGINE,
  VAGRANT_BOX,
  VAGRANT_PROVIDER,
}: Pick<Settings, "ENGINE" | "VAGRANT_BOX" | "VAGRANT_PROVIDER">): void {
  if (VAGRANT_PROVIDER === "docker") return;
  if (VAGRANT_PROVIDER === "libvirt" && VAGRANT_BOX === localBox) return;
  const other = ENGINE.flatMap((word) => parseEngine(word)).find(({ source }) => source.kind !== "known");
  if (!other) return;
  throw new UsageError(
    `ENGINE=${ENGINE}: expected ${engineVersions.join(", ")} on machines of a box that is not made here, got ${formatSource(other.source)}`,
    {
      hint: `VAGRANT_PROVIDER=libvirt VAGRANT_BOX=${localBox}, VAGRANT_PROVIDER=docker and CLUSTER=containers take every engine`,
    },
  );
}
