import type { ExternalHost } from "#harness/cluster/cluster.ts";
import { Blocked } from "#harness/core/errors.ts";

/**
 * The external host's data interface, which becomes a port of a bridge or a switch. Throws `Blocked` where the host itself is reached over
 * it, since nobody could undo that.
 */
export function dataWireOf({ name, interfaces }: Pick<ExternalHost, "name" | "interfaces">): string {
  const { data, management } = interfaces;
  if (data.device !== management.device) return data.device;
  throw new Blocked(
    `${name} is reached over ${data.device} itself, which becomes a port of a bridge here: name another data interface of it in the inventory`,
  );
}
