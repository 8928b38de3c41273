import { isAbsolute, relative, resolve } from "node:path";

/** A place in the caller's checkout. */
export interface Place {
  /** Relative to the checkout. */
  readonly file: string;
  /** From 1. */
  readonly line?: number;
}

/** What GitHub shows beside a commit. */
export interface Annotation {
  readonly level: "error" | "notice";
  readonly title: string;
  readonly message: string;
  readonly place?: Place;
}

/** The place of a file, absolute or relative to the working directory, in the checkout; `undefined` outside of that. */
export function placeIn(workspace: string, path: string, line: number | undefined): Place | undefined {
  const file = relative(workspace, resolve(path));
  if (file === "" || file.startsWith("..") || isAbsolute(file)) return undefined;
  return { file, ...(line === undefined ? {} : { line }) };
}

/** Annotations of each level that GitHub takes from a step; it passes over the others without a word. */
export const annotationsPerStep = 10;

/** A workflow command, one line of the step's output: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions */
export function formatAnnotation({ level, title, message, place }: Annotation): string {
  const properties = Object.entries({ file: place?.file, line: place?.line, title }).flatMap(
    ([name, value]) => (value === undefined ? [] : [`${name}=${escapeProperty(String(value))}`]),
  );
  return `::${level} ${properties.join(",")}::${escapeData(message)}`;
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
