import { resolve } from "node:path";
import { UsageError } from "#harness/core/errors.ts";

/** Engine versions that have a short name, and the Debian suite that carries each. */
export const engines = {
  "20.10": { suite: "bookworm" },
  "26.1": { suite: "trixie" },
  "28.5": { suite: "sid" },
} as const;
export type EngineVersion = keyof typeof engines;
export const engineVersions = Object.keys(engines) as EngineVersion[];

/** Where an engine comes from. Paths are absolute. */
export type EngineSource =
  | { readonly kind: "known"; readonly version: EngineVersion }
  /** What a Debian suite carries; `date`: of a snapshot of the archive, `20261101T000000Z`. */
  | { readonly kind: "debian"; readonly suite: string; readonly date?: string }
  /** Packages from an apt source, a file in deb822 format. */
  | { readonly kind: "apt"; readonly path: string; readonly version: string }
  /** A static release as Docker publishes it. */
  | { readonly kind: "tarball"; readonly path: string }
  /** A folder with dockerd and its helpers. */
  | { readonly kind: "folder"; readonly path: string }
  /** A static release by its version, or the newest one. */
  | { readonly kind: "release"; readonly version: string }
  /** What a host has that is there already; no word asks for it. */
  | { readonly kind: "given" };

/** The engine of one node: where it comes from, and flags for dockerd without their dashes, `icc=false`. */
export interface EngineChoice {
  readonly source: EngineSource;
  readonly flags: readonly string[];
}

/** What a word of ENGINE can be, as it reads after "expected". */
export const engineForms = `one of ${engineVersions.join(", ")}, a release (29.7.2, newest), debian:SUITE, debian:SUITE@DATE, ./FILE.sources@VERSION, ./FILE.tgz, ./FOLDER; each with [FLAG=VALUE,…], several nodes with +`;

/** Word of a release that is found out. */
export const newestRelease = "newest";

/** A version of packages has a plus of its own: one between engines is followed by the beginning of an engine. */
const plus = new RegExp(String.raw`\+(?=\d+\.\d+|${newestRelease}|debian:|\.{0,2}/)`);
const flagForm = /^[a-z][a-z0-9-]*(=[\w.:/=,@%+-]*)?$/;

/** The words of a list: what commas separate that are not between brackets. Empty ones are left out. */
export function splitEngines(text: string): string[] {
  return cut(text, ",")
    .map((word) => word.trim())
    .filter(Boolean);
}

/**
 * The engines of a list, each in the one way to write it. Throws `UsageError` saying what is expected, without the name of the
 * setting, also where two words are the same engine.
 */
export function parseEngines(text: string): string[] {
  const words = splitEngines(text);
  if (words.length === 0) throw new UsageError(`at least one of ${engineVersions.join(", ")}`);
  const found = new Map<string, string>();
  for (const word of words) {
    const whole = formatEngine(parseEngine(word));
    const same = found.get(whole);
    if (same !== undefined) {
      const twice = same === word ? `${word} twice` : `${same} and ${word}, which are the same`;
      throw new UsageError(`each engine once, got ${twice}`);
    }
    found.set(whole, word);
  }
  return [...found.keys()];
}

/**
 * The engines that a word asks for: that of node1, that of node2, …; `SOURCE[flag=value,flag]`, several joined by `+`. Relative
 * paths are those of the current folder. Throws `UsageError` saying what is expected, without the name of the setting.
 */
export function parseEngine(word: string): readonly EngineChoice[] {
  return cut(word, plus).map((part) => {
    const [, source = "", flags] = /^([^[\]]*)(?:\[([^[\]]*)\])?$/.exec(part) ?? [];
    if (source === "") throw new UsageError(engineForms);
    return { source: parseSource(source), flags: flags === undefined ? [] : parseFlags(flags) };
  });
}

/** The same engines always as the same word, with absolute paths. */
export function formatEngine(choices: readonly EngineChoice[]): string {
  return choices.map(({ source, flags }) => `${formatSource(source)}${formatFlags(flags)}`).join("+");
}

/** Flags as they follow an engine in names: `[icc=false,live-restore]`, or nothing. */
export function formatFlags(flags: readonly string[]): string {
  return flags.length === 0 ? "" : `[${flags.map((flag) => flag.replaceAll(",", "\\,")).join(",")}]`;
}

/** A source as it is typed. */
export function formatSource(source: EngineSource): string {
  switch (source.kind) {
    case "known":
    case "release":
      return source.version;
    case "debian":
      return `debian:${source.suite}${source.date ? `@${source.date}` : ""}`;
    case "apt":
      return `${source.path}@${source.version}`;
    case "given":
      return "the host's own";
    default:
      return source.path;
  }
}

function parseSource(text: string): EngineSource {
  const known = engineVersions.find((version) => version === text);
  if (known) return { kind: "known", version: known };
  if (text === newestRelease || /^\d+\.\d+\.\d+(-[a-z0-9.]+)?$/.test(text))
    return { kind: "release", version: text };
  const [, suite, date] = /^debian:([a-z]+)(?:@(\d{8}(?:T\d{6}Z)?))?$/.exec(text) ?? [];
  if (suite && date) return { kind: "debian", suite, date: parseDate(date) };
  if (suite) return { kind: "debian", suite };
  if (!/^\.{0,2}\//.test(text)) throw new UsageError(engineForms);
  const [, sources, version] = /^(.*\.sources)@([\w.:~+-]+)$/.exec(text) ?? [];
  if (sources && version) return { kind: "apt", path: resolve(sources), version };
  if (text.endsWith(".sources"))
    throw new UsageError(`the version of the packages behind it, ${text}@VERSION`);
  return { kind: /\.(tgz|tar\.gz)$/.test(text) ? "tarball" : "folder", path: resolve(text) };
}

/** A date of a snapshot, `20261101` or `20261101T083000Z`, as the second of them. */
function parseDate(text: string): string {
  const whole = text.includes("T") ? text : `${text}T000000Z`;
  const iso = whole.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6.000Z");
  const date = new Date(iso);
  if (!Number.isNaN(date.valueOf()) && date.toISOString() === iso) return whole;
  throw new UsageError(`a day and time that there are, such as 20261101 or 20261101T083000Z, got ${text}`);
}

/**
 * Flags of dockerd without their dashes, as they stand between brackets. Throws `UsageError` saying what is expected, also for one that is
 * there twice, or on and off at once.
 */
export function parseFlags(text: string): string[] {
  const flags = text.split(/(?<!\\),/).map((part) => {
    const flag = part.trim().replaceAll("\\,", ",").replace(/^--/, "");
    if (flagForm.test(flag)) return flag;
    throw new UsageError(
      `flags of dockerd such as icc=false or live-restore (a comma in a value is \\,), got ${JSON.stringify(flag)}`,
    );
  });
  for (const [index, flag] of flags.entries()) {
    const same = flags
      .slice(0, index)
      .find((before) => before === flag || (isSwitch(flag) && isOpposite(before, flag)));
    if (same !== undefined) throw new UsageError(`each flag of dockerd once, got ${same} and ${flag}`);
  }
  return flags;
}

/** `icc`, `icc=true`, `icc=false`: other flags may be there with several values. */
function isSwitch(flag: string): boolean {
  return /^[^=]+(=(true|false|1|0))?$/.test(flag);
}

function isOpposite(one: string, other: string): boolean {
  return isSwitch(one) && one.split("=")[0] === other.split("=")[0];
}

/** Cuts a text where `separator` matches outside of brackets. */
function cut(text: string, separator: string | RegExp): string[] {
  const parts = text.split(separator);
  const joint = typeof separator === "string" ? separator : "+";
  const whole: string[] = [];
  for (const part of parts) {
    const last = whole.at(-1);
    if (last !== undefined && !isClosed(last)) whole[whole.length - 1] = `${last}${joint}${part}`;
    else whole.push(part);
  }
  return whole;
}

function isClosed(text: string): boolean {
  return text.lastIndexOf("[") <= text.lastIndexOf("]");
}
