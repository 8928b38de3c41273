import { createHash } from "node:crypto";

/** What each kind of cause says, for people. */
export const causeKinds = {
  "plugin start": "the plugin ended, or did not answer, while it was started",
  "plugin missing": "engines do not find the plugin",
  "not attached": "the swarm of an engine did not attach a container in time; what it says of that is told",
  "driver file": "the driver file made a mistake of its own; file and line are told",
  "set-up": "what the suite brings up did not come up",
  "engine died": "the engine of a node ended without being told to; its pid and last words are told",
  "call left out": "an engine never made a call by which it takes back what it had the plugin make",
  "node restarted": "a node was restarted while the suite worked on it",
  "connection lost": "the SSH connection to a host was lost",
  "same words": "several tests ended with the same first line, but for generated names, addresses and times",
} as const;
export type CauseKind = keyof typeof causeKinds;

/**
 * What made requirements end as they did. Whatever number of requirements one takes, it is told once, with all of them. Two with
 * the same kind and the same words are the same cause. Plain JSON.
 */
export interface Cause {
  readonly kind: CauseKind;
  /** What happened, in one line: it heads the cause in every report. */
  readonly what: string;
  /** Where in the user's files, `file:line` or a file alone, absolute. */
  readonly place?: string;
}

/** An id that is the same for the same cause, also in another run, e.g. `plugin-start-3f9a12cd`. */
export function causeId({ kind, what }: Cause): string {
  const digest = createHash("sha256")
    .update(`${kind} ${withoutGenerated(what)}`)
    .digest("hex");
  return `${kind.replaceAll(" ", "-")}-${digest.slice(0, 8)}`;
}

/** The cause that an error names, itself or through what caused it. */
export function causeOf(error: unknown): Cause | undefined {
  if (!(error instanceof Error)) return undefined;
  const { because } = error as { because?: Cause };
  return because ?? causeOf(error.cause);
}

/** What a run makes up or measures, which differs where the cause is the same. */
const generated: readonly [RegExp, string][] = [
  [/\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/gi, "MAC"],
  [/\b\d{1,3}(\.\d{1,3}){3}(\/\d{1,2})?\b/g, "ADDRESS"],
  [/(?<![\w:])[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}(\/\d{1,3})?(?![\w:])/gi, "ADDRESS"],
  [/(?<=[-_])[0-9a-f]{6,}\b/gi, "NAME"],
  [/\bveth[0-9a-f]{6,}\b/g, "veth-NAME"],
  [/\bpid \d+\b/g, "pid PID"],
  [/\b(?=[a-f]*\d)[0-9a-f]{12,}\b/gi, "ID"],
  [/\/proc\/\d+\//g, "/proc/PID/"],
  [/\b\d+(\.\d+)? (ms|s|m)\b/g, "TIME"],
];

/** A text without the names, addresses and times of one test. */
export function withoutGenerated(text: string): string {
  return generated.reduce((left, [pattern, mark]) => left.replaceAll(pattern, mark), text);
}
