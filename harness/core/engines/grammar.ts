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

/** The words of a list: what commas separate that are not between brackets. Empty ones and repetitions are left out. */
export function splitEngines(text: string): string[] {
  const words = cut(text, ",").map((word) => word.trim());
  return [...new Set(words.filter(Boolean))];
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
  if (suite && date) return { kind: "debian", suite, date: date.includes("T") ? date : `${date}T000000Z` };
  if (suite) return { kind: "debian", suite };
  if (!/^\.{0,2}\//.test(text)) throw new UsageError(engineForms);
  const [, sources, version] = /^(.*\.sources)@([\w.:~+-]+)$/.exec(text) ?? [];
  if (sources && version) return { kind: "apt", path: resolve(sources), version };
  if (text.endsWith(".sources"))
    throw new UsageError(`the version of the packages behind it, ${text}@VERSION`);
  return { kind: /\.(tgz|tar\.gz)$/.test(text) ? "tarball" : "folder", path: resolve(text) };
}

function parseFlags(text: string): string[] {
  return text.split(/(?<!\\),/).map((part) => {
    const flag = part.trim().replaceAll("\\,", ",").replace(/^--/, "");
    if (flagForm.test(flag)) return flag;
    throw new UsageError(
      `flags of dockerd such as icc=false between the brackets (a comma in a value is \\,), got ${JSON.stringify(flag)}`,
    );
  });
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
