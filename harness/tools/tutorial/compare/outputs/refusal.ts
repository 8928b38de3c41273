import {
  broken,
  harmless,
  type Observed,
  type OutputFinding,
} from "#harness/tools/tutorial/compare/comparison.ts";

const kinds = {
  "a wrong call":
    /usage:|invalid option|unknown (shorthand )?flag|flag provided but not defined|\binvalid\b/i,
  "a timeout": /timed out|deadline exceeded/i,
  "a refused connection": /connection refused/i,
  "something unknown": /no such|not found|unknown|bad address|does not exist/i,
  "something that exists already": /already (exists|in use)|is already/i,
  "an error": /permission denied|cannot |unable to|\bfailed\b|\berror( response from daemon)?:|unreachable/i,
} as const;
export type RefusalKind = keyof typeof kinds;

/** What kind of refusal an output tells of, if any. */
export function refusalIn(text: string): RefusalKind | undefined {
  return (Object.keys(kinds) as RefusalKind[]).find((kind) => kinds[kind].test(text));
}

/** Compares a refusal that the text shows: it must be one here too; another reason is told. */
export function compareRefusal(expected: string, { output, code }: Observed): OutputFinding[] {
  const shown = refusalIn(expected) ?? "an error";
  const seen = refusalIn(output);
  if (code === 0 || (code === undefined && seen === undefined)) {
    return [broken(`expected ${shown}, got success`)];
  }
  if (seen === shown) return [];
  const got = seen ?? `exit status ${code}`;
  // A program that does not understand its call refuses something else than the text speaks of.
  const judge = seen === "a wrong call" ? broken : harmless;
  return [judge(`expected ${shown}, got ${got}: ${tellingLine(output)}`)];
}

/** The line of an output that says why, else its first. */
export function tellingLine(text: string): string {
  const lines = text.trim().split("\n");
  const telling = lines.find((line) => refusalIn(line) !== undefined) ?? lines[0] ?? "";
  return telling.slice(0, 200) || "no output";
}
