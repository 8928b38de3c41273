import type { Model } from "#drivers/reference/model/model.ts";
import type { Handlers } from "#drivers/reference/protocol/server.ts";

/** What the protocol faults act on. */
export interface ProtocolFaultContext {
  readonly handlers: Handlers;
  readonly model: Model;
  readonly faults: ReadonlySet<string>;
}
