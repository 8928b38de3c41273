import type { Command, Option } from "commander";
import { type Commands, findCommand } from "#harness/cli/commands.ts";
import { type Candidate, completionOf, type ValueCompletion } from "./candidates.ts";
import { argumentAt, findOption, mustBeValue, type Place, placeAfter } from "./place.ts";

/** What can be typed next. */
export interface Completed {
  readonly candidates: readonly Candidate[];
  /** Whether the name of a file can stand there as well. */
  readonly files: boolean;
}

const nothing: Completed = { candidates: [], files: false };

/**
 * What can stand in the place of the last of `words`, of which a part is typed. They are the words of a command line after
 * `netconform`. Everything is taken from the commands themselves, of which only the one that is typed is loaded.
 */
export async function complete(among: Commands, words: readonly string[]): Promise<Completed> {
  const current = words.at(-1) ?? "";
  const [name, ...rest] = words.slice(0, -1);
  if (name === undefined || (name === "help" && rest.length === 0)) {
    const help = name === undefined ? [{ value: "help", says: "what a command does" }] : [];
    return beginning(current, { candidates: [...namesOf(among), ...help], files: false });
  }
  const entry = findCommand(among, name);
  if (!entry || name === "help") return nothing;
  return completeAt(placeAfter((await entry.load()).command, rest), current);
}

/** The lines that the shells' scripts read: `WORD<tab>WHAT IT IS`, and `:files` where files can stand there as well. */
export function formatCompleted({ candidates, files }: Completed): string {
  const lines = candidates.map(({ value, says = "" }) => `${value}\t${says.replaceAll(/\s+/g, " ")}`);
  return [...lines, ...(files ? [":files"] : [])].map((line) => `${line}\n`).join("");
}

function namesOf(among: Commands): Candidate[] {
  return Object.entries(among).flatMap(([name, { alias, summary: says }]) =>
    [name, ...(alias ? [alias] : [])].map((value) => ({ value, says })),
  );
}

function completeAt(place: Place, current: string): Completed {
  const [, spelling, typed] = /^(--[^=]+)=(.*)$/.exec(current) ?? [];
  const assigned = spelling !== undefined && !place.closed ? findOption(place, spelling) : undefined;
  if (assigned) return prefixed(`${spelling}=`, valuesOf(assigned, [], typed ?? ""));
  const { pending, words } = place;
  const values = pending ? valuesOf(pending, [], current) : nothing;
  if (mustBeValue(place, current) && !pending?.variadic && !pending?.optional) return values;
  const argument = argumentAt(place);
  return together([
    values,
    argument ? valuesOf(argument, words, current) : nothing,
    words.length === 0
      ? beginning(current, { candidates: subCommands(place.command), files: false })
      : nothing,
    current.startsWith("-") && !place.closed ? beginning(current, optionsAt(place)) : nothing,
  ]);
}

/** What a value can be: the words that are known, or files where its name says so. */
function valuesOf(
  value: Parameters<typeof completionOf>[0],
  before: readonly string[],
  current: string,
): Completed {
  const known = completionOf(value);
  if (!known) return { candidates: [], files: isFile(value) && !current.startsWith("-") };
  return known.list ? nextOfList(known, before, current) : beginning(current, ofKnown(known, before));
}

/** The next of several values with commas between them: one that is not among them yet. */
function nextOfList(known: ValueCompletion, before: readonly string[], current: string): Completed {
  const begun = current.slice(0, current.lastIndexOf(",") + 1);
  const given = begun.split(",");
  const { candidates } = beginning(current.slice(begun.length), ofKnown(known, before));
  return prefixed(begun, {
    candidates: candidates.filter(({ value }) => !given.includes(value)),
    files: false,
  });
}

function ofKnown({ candidates }: ValueCompletion, before: readonly string[]): Completed {
  const known = candidates(before);
  if (known === "files") return { candidates: [], files: true };
  return { candidates: known.map((one) => (typeof one === "string" ? { value: one } : one)), files: false };
}

function isFile(value: Parameters<typeof completionOf>[0]): boolean {
  const name = "flags" in value ? /[<[](.*?)(\.{3})?[>\]]/.exec(value.flags)?.[1] : value.name();
  return /^(file|folder|path|socket)s?$/.test(name ?? "");
}

function subCommands({ commands }: Command): Candidate[] {
  return commands.map((one) => ({ value: one.name(), says: one.description() }));
}

function optionsAt({ chain }: Place): Completed {
  const options = chain.flatMap((command) => command.createHelp().visibleOptions(command));
  return { candidates: options.flatMap(spellings), files: false };
}

function spellings({ short, long, description: says }: Option): Candidate[] {
  return [long, short].flatMap((value) => (value ? [{ value, says }] : []));
}

function beginning(current: string, { candidates, files }: Completed): Completed {
  return { candidates: candidates.filter(({ value }) => value.startsWith(current)), files };
}

function prefixed(prefix: string, { candidates, files }: Completed): Completed {
  return { candidates: candidates.map((one) => ({ ...one, value: `${prefix}${one.value}` })), files };
}

function together(parts: readonly Completed[]): Completed {
  const byValue = new Map(
    parts.flatMap(({ candidates }) => candidates.map((one) => [one.value, one] as const)),
  );
  return { candidates: [...byValue.values()], files: parts.some(({ files }) => files) };
}
