import type { Comparison } from "#harness/tools/tutorial/compare/compare.ts";
import type { Mapping } from "#harness/tools/tutorial/mapping/schema.ts";
import type { Step } from "#harness/tools/tutorial/parse/tutorial.ts";
import type { Window } from "./terminal/window.ts";

export const deadlines = {
  /** For a command that ends by itself. */
  commandMs: 60_000,
  /** For one that ends by ^C to show what the text shows. */
  endlessMs: 12_000,
  /** For a shell after ^C, exit, or its first prompt. */
  promptMs: 10_000,
  listenMs: 5_000,
};

/** How a command ended, or how far it has come. */
export interface Ended {
  readonly output: string;
  /** Exit status; `undefined` where it was interrupted or goes on. */
  readonly code: number | undefined;
  readonly comparison: Comparison;
  /** Whether the window is in the container now that the command enters; `undefined` for other commands. */
  readonly entered?: boolean;
}

export interface CommandOptions {
  readonly window: Window;
  readonly step: Step;
  /** What is typed. */
  readonly command: string;
  readonly mapping: Mapping;
  /** Compares an output, which may still grow, with the text's. */
  readonly judge: (output: string, code: number | undefined) => Comparison;
}
