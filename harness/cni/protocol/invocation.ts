import { parseJson } from "#harness/core/text/json.ts";
import type { Host } from "#harness/host/host.ts";
import { type ProgramNamespaces, runProgram } from "#harness/host/runner/runner.ts";
import { assignments, formatCommand, quote } from "#harness/host/shell.ts";
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
  /** Where `prefix` leads to, where that is known: it is entered without those programs. */
  readonly namespaces?: ProgramNamespaces | undefined;
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
 * Throws what `runProgram` does.
 */
export async function invokePlugin(host: Host, call: PluginCall): Promise<Invocation> {
  const { deadlineMs = defaultDeadlineMs, prefix = [], namespaces, env } = call;
  const startedAt = Date.now();
  const { late, ...end } = await runProgram(host, {
    argv: [...(namespaces ? [] : prefix), call.path],
    environment: { PATH: pluginSearchPath, ...env },
    ...{ input: call.stdin, deadlineMs, outputLimit, namespaces },
  });
  const { dropped, ...ended } = end;
  recordCommand({ host: host.name, argv: commandOf({ ...call, prefix }), ...ended, startedAt });
  return {
    host: host.name,
    plugin: call.plugin,
    command: env.CNI_COMMAND ?? "(none)",
    ...{ path: call.path, prefix, env, stdin: call.stdin },
    ...ended,
    ...{ timedOut: late, dropped, startedAt },
  };
}

/** What a person would type for a call. */
function commandOf({ prefix, env, path }: Pick<Invocation, "prefix" | "env" | "path">): string[] {
  return [...prefix, "env", "-i", `PATH=${pluginSearchPath}`, ...assignments(env), path];
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
