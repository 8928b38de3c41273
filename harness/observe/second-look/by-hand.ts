import { DeadlineExceeded } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import type { ExecResult, Host } from "#harness/host/host.ts";
import { formatCommand } from "#harness/host/shell.ts";
import { lookMs } from "./view.ts";

/** A command by which a person sees a failure, and how one tells that it shows. */
export interface ByHand {
  readonly host: Host;
  readonly argv: readonly string[];
  /** Whether what the command did shows the failure. */
  readonly shows: (result: ExecResult) => boolean;
  /**
   * It needs something that is one process's at a time, and that the check needs too, as a port of the client: its runs take turns, when
   * the check is not made.
   */
  readonly apart?: true;
}

const runs = 3;
const graceMs = 1_000;

/** `node1$ ping -c1 10.1.2.2`, as people type it. */
export function commandOf({ host, argv }: Pick<ByHand, "host" | "argv">): string {
  return `${host.name}$ ${formatCommand(argv)}`;
}

/** `  reproduce: node1$ ping -c1 10.1.2.2`. */
export function lineOf(line: Pick<ByHand, "host" | "argv">): string {
  return `  reproduce: ${commandOf(line)}`;
}

/** What a run of a line came to: it ended and showed the failure or did not, was cut off at its deadline, or did not get as far. */
export type RunEnd = "shown" | "not shown" | "cut off" | "not run";

/**
 * Runs the line in new shells as it is printed, three at once, or in turns where it is `apart`, each with what is left of `deadlineMs`.
 * Resolves to what came of them, as `describeRuns` says it. A run that is cut off tells nothing; every command ends by itself before `lookMs`.
 */
export async function confirm(
  { host, argv, shows, apart }: ByHand,
  deadlineMs: number = lookMs,
): Promise<string> {
  const line = formatCommand(argv);
  const endsAt = performance.now() + scaled(deadlineMs);
  const run = async (): Promise<RunEnd> => {
    const leftMs = (endsAt - performance.now()) / scaled(1);
    if (leftMs <= 0) return "cut off";
    // Where this process is killed, nobody else ends what hangs on the host.
    const bound = ["timeout", "-s", "KILL", String(Math.ceil((scaled(leftMs) + graceMs) / 1000))];
    // Where its stdin is a socket, as Node.js makes it, bash would take itself for a remote shell, and read the user's `.bashrc` first; with
    // `-p` it reads no `BASH_ENV` and takes no functions either.
    return host.exec([...bound, "bash", "--norc", "-p", "-c", line], { deadlineMs: leftMs }).then(
      (result) => endOf(result, shows),
      (error) => (error instanceof DeadlineExceeded ? "cut off" : "not run"),
    );
  };
  if (!apart) return describeRuns(await Promise.all(Array.from({ length: runs }, run)));
  const ends: RunEnd[] = [];
  while (ends.length < runs) ends.push(await run());
  return describeRuns(ends);
}

/** What says that it comes to no command: `nsenter`, `runc exec`, `docker exec`, which ends with 1, and `podman exec`, with 125. */
const notEntered = new RegExp(
  [
    "^nsenter: ",
    '\\blevel=error msg="exec failed: ',
    "^Error response from daemon: (?:No such container: |[Cc]ontainer \\S+ is (?:not running|paused|restarting))",
    "^Cannot connect to the Docker daemon",
    "^Error: (?:no container with|can only create exec sessions)",
  ].join("|"),
  "m",
);

/** A run that did not get as far as the command, since that or its namespace is not there, says nothing of the failure. */
function endOf(result: ExecResult, shows: ByHand["shows"]): RunEnd {
  if (result.code === 126 || result.code === 127 || notEntered.test(result.stderr)) return "not run";
  return shows(result) ? "shown" : "not shown";
}

/**
 * `confirmed 3/3` where each run showed the failure, `not reproducible by hand (1/3)` where one ended and did not; else how many showed
 * it of those that ended, and `not judged` where none ended.
 */
export function describeRuns(ends: readonly RunEnd[]): string {
  const count = (what: RunEnd) => ends.filter((end) => end === what).length;
  const [shown, missed, late, lost] = [
    count("shown"),
    count("not shown"),
    count("cut off"),
    count("not run"),
  ];
  if (shown === ends.length) return `confirmed ${shown}/${shown}`;
  const ended = shown + missed;
  const others = [
    ...(late > 0 ? [`${late} did not end in time`] : []),
    ...(lost > 0 ? [`${lost} could not be run`] : []),
  ];
  if (ended === 0) return `not judged: ${others.join(", ")}`;
  if (missed > 0) return `not reproducible by hand (${[`${shown}/${ended}`, ...others].join(", ")})`;
  return `shown by ${shown} of ${ended} that ended; ${others.join(", ")}`;
}
