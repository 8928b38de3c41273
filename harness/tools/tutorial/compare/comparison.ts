import type { Plugin } from "#harness/tools/tutorial/mapping/schema.ts";

/** How a command that was run compares with what the text shows. */
export type ComparisonVerdict = "same" | "differs harmlessly" | "broken";

/** One thing that is not as the text shows it. */
export interface OutputFinding {
  readonly severity: "harmless" | "broken";
  readonly text: string;
}

/** What was seen of a command; names are those of the text. */
export interface Observed {
  readonly output: string;
  /** As it was printed, with the names here: their lengths set the columns of tables. */
  readonly printed: string;
  /** Exit status; `undefined` where it was interrupted or goes on. */
  readonly code: number | undefined;
}

/** Something that a command of the text made, or should have made. */
export interface MadeObject {
  readonly line: number;
  readonly succeeded: boolean;
  /** Whether the mapping had it made in another way. */
  readonly replaced: boolean;
}

/** What is known when a command is judged. */
export interface Context {
  readonly plugin: Plugin;
  /** Whether the mapping ran another command in its place, whose output has another form. */
  readonly replaced: boolean;
  /** Nodes by the names that the text gives them. */
  readonly nodes: ReadonlySet<string>;
  /** Containers, networks and the like, by name. */
  readonly made: ReadonlyMap<string, MadeObject>;
  /** Whether the two words mean the same. */
  equivalent(expected: string, observed: string): boolean;
  /** Whether nothing in the text makes what the text's listing shows. */
  foreign(name: string): boolean;
  /** Whether a command of the text gave this value, e.g. `10.1.2.0/24`. */
  given(value: string): boolean;
  /** Subnets that commands of the text gave, the last one first. */
  readonly subnets: readonly string[];
  /** A printed text with the text's names in place of those here. */
  translate(printed: string): string;
  /** Keeps which live address stands for which of the text's. */
  learn(expected: string, observed: string): void;
}

/** What one kind of output is compared by; `undefined` where the text's output is not of that kind. */
export type Comparator = (
  expected: readonly string[],
  observed: Observed,
  context: Context,
) => OutputFinding[] | undefined;

export const harmless = (text: string): OutputFinding => ({ severity: "harmless", text });
export const broken = (text: string): OutputFinding => ({ severity: "broken", text });

export function verdictOf(findings: readonly OutputFinding[]): ComparisonVerdict {
  if (findings.some(({ severity }) => severity === "broken")) return "broken";
  return findings.length > 0 ? "differs harmlessly" : "same";
}
