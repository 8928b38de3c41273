import type { Readable } from "node:stream";
import { within } from "#harness/core/async/poll.ts";
import { DeadlineExceeded } from "#harness/core/errors.ts";
import { parseJson } from "#harness/core/text/json.ts";
import type { Host } from "#harness/host/host.ts";
import { formatCommand, quote } from "#harness/host/shell.ts";
import { recordCommand } from "#harness/host/transcript.ts";
import { type CniError, cniErrorSchema, describeProblems } from "./result.ts";

/** One call of a plugin, to be made. */
export interface PluginCall {
  /** File name of the plugin, for people. */
  readonly plugin: string;
  /** Absolute path of the binary on the host. */
  readonly path: string;
  /** `CNI_*` variables. The plugin gets these, `PATH` and nothing else. */
  readonly env: Readonly<Record<string, string>>;
  /** Exact text for stdin. */
  readonly stdin: string;
  /** argv in front of the plugin, e.g. `["ip", "netns", "exec", "ns1"]`, to choose the runtime's networking domain. */
  readonly prefix?: readonly string[];
  /** Milliseconds until the plugin and its children are killed; default 30 000. */
  readonly deadlineMs?: number;
}

/** One call of a plugin, exactly as it was made and answered. Plain JSON. */
export interface Invocation {
  readonly host: string;
  readonly plugin: string;
  /** `CNI_COMMAND`, or `(none)`. */
  readonly command: string;
  readonly path: string;
  readonly prefix: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  /** The deadline passed and the plugin was killed. */
  readonly timedOut: boolean;
  /** Characters beyond the limit that were read and dropped. */
  readonly dropped: { readonly stdout: number; readonly stderr: number };
  readonly startedAt: number;
  readonly durationMs: number;
}

/** Longest stdout or stderr kept of one call, in bytes. */
export const outputLimit = 1024 * 1024;
const defaultDeadlineMs = 30_000;
/** `PATH` of every plugin that is called. */
export const pluginSearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Runs a plugin once. Whatever the plugin does is a value: errors, garbage, a hang (killed on the host with all its
 * children when the deadline passes), megabytes of output (cut at `outputLimit`).
 * Throws `ConnectionLost` when the host goes away.
 */
export async function invokePlugin(host: Host, call: PluginCall): Promise<Invocation> {
  const { deadlineMs = defaultDeadlineMs, prefix = [], env } = call;
  const assignments = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  const argv = [
    ...["timeout", "--signal=KILL", (deadlineMs / 1000).toFixed(3)],
    ...prefix,
    ...["env", "-i", `PATH=${pluginSearchPath}`, ...assignments, call.path],
  ];
  const startedAt = Date.now();
  const start = performance.now();
  const running = await host.spawn(argv);
  const stdout = collect(running.stdout);
  const stderr = collect(running.stderr);
  // A plugin that does not read its configuration closes the pipe early; what it answers is judged, not this.
  running.stdin.on("error", () => {});
  running.stdin.end(call.stdin);
  const ended = Promise.all([running.exit, stdout.done, stderr.done]).then(([exit]) => exit);
  const guard = { what: `${call.path} on ${host.name} to end`, deadlineMs: deadlineMs + 5_000 };
  const end = await within(guard, ended).catch((error: unknown) => {
    // The plugin is dead, but something that it started and that left its process group holds the pipes.
    running.kill("KILL");
    if (!(error instanceof DeadlineExceeded)) throw error;
    return { code: null, signal: "KILL" };
  });
  const durationMs = performance.now() - start;
  const killed = end.signal === "KILL" || end.code === 137;
  const output = { stdout: stdout.text(), stderr: stderr.text() };
  recordCommand({ host: host.name, argv, ...end, ...output, startedAt, durationMs });
  return {
    host: host.name,
    plugin: call.plugin,
    command: env.CNI_COMMAND ?? "(none)",
    path: call.path,
    prefix,
    env,
    stdin: call.stdin,
    ...output,
    code: end.code,
    signal: end.signal,
    timedOut: killed && durationMs >= deadlineMs,
    dropped: { stdout: stdout.dropped(), stderr: stderr.dropped() },
    startedAt,
    durationMs,
  };
}

function collect(stream: Readable) {
  const chunks: Buffer[] = [];
  let kept = 0;
  let dropped = 0;
  const done = new Promise<void>((resolve) => {
    stream.on("data", (data: Buffer | string) => {
      const chunk = Buffer.from(data);
      const part = chunk.subarray(0, outputLimit - kept);
      if (part.length > 0) chunks.push(part);
      kept += part.length;
      dropped += chunk.length - part.length;
    });
    stream.once("close", resolve);
    stream.once("end", resolve);
    stream.once("error", () => resolve());
  });
  return { done, dropped: () => dropped, text: () => Buffer.concat(chunks).toString("utf8") };
}

/** The error object on stdout of a failed call, or why there is none. */
export function reportedError(
  invocation: Pick<Invocation, "stdout" | "stderr">,
): { error: CniError } | { reason: string } {
  const json = parseJson(invocation.stdout);
  if (!json.ok) {
    const elsewhere = parseJson(invocation.stderr);
    if (elsewhere.ok && cniErrorSchema.safeParse(elsewhere.value).success) {
      return { reason: "the error object on stderr instead of stdout" };
    }
    return { reason: `no JSON on stdout (${json.reason})` };
  }
  const parsed = cniErrorSchema.safeParse(json.value);
  if (parsed.success) return { error: parsed.data };
  return { reason: `JSON that is no CNI error object (${describeProblems(parsed.error)})` };
}

/** How a call ended, in a few words. */
export function describeEnd(invocation: Invocation): string {
  if (invocation.timedOut) return `no answer within ${Math.round(invocation.durationMs)} ms, killed`;
  const end = invocation.code === null ? `signal ${invocation.signal}` : `exit ${invocation.code}`;
  const reported = invocation.code === 0 ? undefined : reportedError(invocation);
  return reported && "error" in reported
    ? `${end}, code ${reported.error.code}: ${shorten(describeError(reported.error))}`
    : end;
}

export function describeError({ msg, details }: CniError): string {
  return details ? `${msg}; ${details}` : msg;
}

const callStart = "printf %s ";

/** Whether a line is one that `reproduceInvocation` made. */
export function isReproducedInvocation(line: string): boolean {
  return line.startsWith(callStart);
}

/** A shell line that repeats the call by hand. */
export function reproduceInvocation(invocation: Invocation): string {
  const command = formatCommand([...invocation.prefix, "env", "-i", `PATH=${pluginSearchPath}`]);
  const env = Object.entries(invocation.env).map(([key, value]) => `${key}=${quote(value)}`);
  return `${callStart}${quote(shorten(invocation.stdin, 4000))} | ${[command, ...env, quote(invocation.path)].join(" ")}`;
}

/** What was run and what came back, for failure messages. */
export function describeInvocation(invocation: Invocation): string {
  const { stdout, stderr, dropped } = invocation;
  const cut = dropped.stdout + dropped.stderr;
  return [
    `  ${invocation.host}$ ${reproduceInvocation(invocation)}`,
    `  ${describeEnd(invocation)} after ${Math.round(invocation.durationMs)} ms`,
    `  stdout: ${shorten(stdout.trim()) || "(nothing)"}`,
    ...(stderr.trim() ? [`  stderr: ${shorten(stderr.trim())}`] : []),
    ...(cut > 0 ? [`  ${cut} more bytes of output were dropped`] : []),
  ].join("\n");
}

/** A text of a plugin's as messages show it: one of a megabyte says no more by being shown whole. */
export function shorten(text: string, limit = 1500): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}… [${text.length - limit} more characters]`;
}
