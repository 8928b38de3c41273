import type { Argument, Command, Option } from "commander";

/** Where in a command line the next word stands. */
export interface Place {
  /** The sub-command that has it. */
  readonly command: Command;
  /** The sub-command and those above it: the options of all of them can stand here. */
  readonly chain: readonly Command[];
  /** The words of that sub-command so far, without options. */
  readonly words: readonly string[];
  /** The option whose value can stand here. */
  readonly pending?: Option;
  /** After `--` there are no options. */
  readonly closed: boolean;
}

/** The place after these words of a command line. */
export function placeAfter(command: Command, words: readonly string[]): Place {
  return words.reduce<Place>(advance, { command, chain: [command], words: [], closed: false });
}

/** Whether nothing but the pending option's value can stand at a place. */
export function mustBeValue({ pending }: Place, word: string): boolean {
  return pending !== undefined && !((pending.variadic || pending.optional) && word.startsWith("-"));
}

/** The argument that a word at a place is; the last one where that takes several. */
export function argumentAt({ command, words }: Place): Argument | undefined {
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  return registeredArguments[words.length] ?? (last?.variadic ? last : undefined);
}

/** The option of that spelling, `-t` or `--requirement`, of the sub-command or of one above it. */
export function findOption({ chain }: Place, spelling: string): Option | undefined {
  return chain.flatMap(({ options }) => options).find(({ short, long }) => [short, long].includes(spelling));
}

function advance(place: Place, word: string): Place {
  const { command, chain, words, closed } = place;
  const here = { command, chain, words, closed };
  if (mustBeValue(place, word)) return place.pending?.variadic ? place : here;
  if (!closed && word === "--") return { ...here, closed: true };
  if (!closed && word.startsWith("-")) {
    const option = findOption(place, word);
    return option && (option.required || option.optional) ? { ...here, pending: option } : here;
  }
  const next = words.length === 0 && findSubCommand(command, word);
  if (next) return { command: next, chain: [next, ...chain], words: [], closed };
  return { ...here, words: [...words, word] };
}

function findSubCommand({ commands }: Command, word: string): Command | undefined {
  return commands.find((one) => one.name() === word || one.aliases().includes(word));
}
