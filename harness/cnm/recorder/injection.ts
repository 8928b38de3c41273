import type { CallName } from "#harness/cnm/protocol/protocol.ts";

/** What goes wrong with a call. The plugin sees the call in all cases but `status` and a cut at `request`. */
export type CallFault =
  /** The answer arrives that much later. */
  | { kind: "delay"; ms: number }
  /** The plugin is not asked; the engine gets this status and body. */
  | { kind: "status"; status: number; body?: string }
  /** The engine gets the first half of the answer's JSON, as a complete HTTP answer. */
  | { kind: "truncate" }
  /**
   * The connection goes away: before the plugin is asked (`request`), after the plugin has done its work and before the
   * engine hears of it (`answer`: engines repeat the call), or in the middle of the answer's bytes (`body`: they do not).
   */
  | { kind: "cut"; at: "request" | "answer" | "body" };

/** A fault, and the calls that it is injected into. */
export interface Injection {
  call: CallName;
  fault: CallFault;
  /** How many calls; default 1. `Infinity` until it is stopped. */
  times?: number;
  /** Only calls of this caller, e.g. `node1`; default all. */
  caller?: string;
}

/** An injection at work. */
export interface ActiveInjection extends Injection {
  /** Calls that it was injected into so far. */
  used: number;
  stop(): void;
}
