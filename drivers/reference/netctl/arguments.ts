/** A command line that netctl does not understand. */
export class BadArguments extends Error {}

/** One flag of a command. */
export interface Flag {
  /** The name by which the command reads it. */
  readonly name: string;
  /** Every spelling, without dashes, e.g. `t` and `tenant`. */
  readonly as: readonly string[];
  /** What its value is called in the usage; a flag without takes no value. */
  readonly value?: string;
  /** May be given several times. */
  readonly repeats?: boolean;
}

export interface Arguments {
  readonly words: readonly string[];
  /** By the flag's name; the last one where it is given twice. */
  readonly flags: Readonly<Record<string, string>>;
  /** The values of flags that repeat. A value may be several with commas between them. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
}

/** Reads words and flags in any order; one dash or two, `-name=value` or `-name value`. Throws `BadArguments`. */
export function readArguments(given: readonly string[], known: readonly Flag[]): Arguments {
  const words: string[] = [];
  const flags: Record<string, string> = {};
  const lists: Record<string, string[]> = {};
  for (let at = 0; at < given.length; at++) {
    const argument = given[at] ?? "";
    const found = /^--?([A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(argument);
    if (!found) {
      words.push(argument);
      continue;
    }
    const [, written = "", attached] = found;
    const flag = known.find(({ as }) => as.includes(written));
    if (!flag) throw new BadArguments(`flag provided but not defined: -${written}`);
    const value = attached ?? (flag.value === undefined ? "true" : given[++at]);
    if (value === undefined) throw new BadArguments(`flag needs an argument: -${written}`);
    flags[flag.name] = value;
    if (flag.repeats) lists[flag.name] = [...(lists[flag.name] ?? []), ...value.split(",").filter(Boolean)];
  }
  return { words, flags, lists };
}

/** A flag that is one of these values. Throws `BadArguments` naming them. */
export function oneOf<const Value extends string>(
  flag: string,
  given: string | undefined,
  values: readonly Value[],
): Value {
  const found = values.find((value) => value === given);
  if (found === undefined) throw new BadArguments(`-${flag} ${given ?? ""}: expected ${values.join(", ")}`);
  return found;
}
