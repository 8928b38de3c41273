import type { Argument, Option } from "commander";

/** A word that can be typed next, and what it is. */
export interface Candidate {
  readonly value: string;
  readonly says?: string;
}

/**
 * The words that a value can be, or that it is the name of a file. `before` are the words of the same command that come
 * before it, without its options.
 */
export type Candidates = (before: readonly string[]) => readonly (string | Candidate)[] | "files";

/** How the value of an option or of an argument is completed. */
export interface ValueCompletion {
  readonly candidates: Candidates;
  /** The value is several, with commas between them. */
  readonly list?: boolean;
}

const completions = new WeakMap<Option | Argument, ValueCompletion>();

/**
 * The option or argument, whose value shells complete with these words. Needless where it has choices, or where its name
 * says that it is a file.
 */
export function completing<Value extends Option | Argument>(
  value: Value,
  candidates: Candidates,
  { list = false }: Pick<ValueCompletion, "list"> = {},
): Value {
  completions.set(value, { candidates, list });
  return value;
}

/** How a value is completed: as `completing` has said, else with its choices; `undefined` where nothing is known. */
export function completionOf(value: Option | Argument): ValueCompletion | undefined {
  const { argChoices } = value;
  return completions.get(value) ?? (argChoices && { candidates: () => argChoices });
}
