import type { Model } from "#drivers/reference/model/model.ts";
import type { Handlers } from "#drivers/reference/protocol/server.ts";

/** What the protocol faults act on. */
export interface ProtocolFaultContext {
  readonly handlers: Handlers;
  readonly model: Model;
  readonly faults: ReadonlySet<string>;
  /** Makes a veth pair on the node that goes with the plugin and not before. */
  readonly leaveLinks: () => Promise<void>;
}
