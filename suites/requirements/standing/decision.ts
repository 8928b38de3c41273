/** That the outcome of a requirement is a verdict from now on, or that it is none any more. */
export interface Decision {
  readonly requirement: string;
  readonly to: "settled" | "provisional";
  /** Day, e.g. `2026-11-26`. */
  readonly on: string;
  /** What was run, or why it is no verdict. */
  readonly because: string;
}
