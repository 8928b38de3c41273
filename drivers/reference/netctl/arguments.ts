/** A command line that netctl would not understand: exit status 1. */
export class BadArguments extends Error {}

export interface Arguments {
  readonly words: readonly string[];
  /** By long name. */
  readonly flags: Readonly<Record<string, string>>;
}

/** Flags by every name they go by; `switch` takes no value. */
export type FlagNames = Readonly<Record<string, { readonly name: string; readonly switch?: boolean }>>;

/** Reads words and flags in any order; one dash or two, `-name=value` or `-name value`. Throws `BadArguments`. */
export function readArguments(given: readonly string[], known: FlagNames): Arguments {
  const words: string[] = [];
  const flags: Record<string, string> = {};
  for (let at = 0; at < given.length; at++) {
    const argument = given[at] ?? "";
    const found = /^--?([A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(argument);
    if (!found) {
      words.push(argument);
      continue;
    }
    const [, written = "", value] = found;
    const flag = known[written];
    if (!flag) throw new BadArguments(`flag provided but not defined: -${written}`);
    if (flag.switch) flags[flag.name] = value ?? "true";
    else if (value !== undefined) flags[flag.name] = value;
    else if (at + 1 < given.length) flags[flag.name] = given[++at] ?? "";
    else throw new BadArguments(`flag needs an argument: -${written}`);
  }
  return { words, flags };
}

/** The words of a command that takes exactly these. Throws `BadArguments` naming them. */
export function named<const Names extends readonly string[]>(
  words: readonly string[],
  ...names: Names
): { [Index in keyof Names]: string } {
  if (words.length !== names.length)
    throw new BadArguments(`expected ${names.join(" ")}, got ${words.join(" ") || "nothing"}`);
  return words as unknown as { [Index in keyof Names]: string };
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
