import type { RecordedCall } from "#harness/cni/runtimes/recording/call.ts";
import type { NetworkList, Operation } from "#harness/cni/runtimes/runtime-under-test.ts";
import type { SpecVersion } from "#suites/requirements/spec-version.ts";

/** What a scene is about. */
export type SceneName =
  | "ordinary"
  | "versions"
  | "refused ADD"
  | "refused DEL"
  | "refused CHECK"
  | "at once"
  | "restart"
  | "two attachments"
  | "disabled"
  | "old version"
  | "stranger"
  | "garbage"
  | "garbage alone"
  | "status";

/** What a runtime was asked for in a scene, and how it went. Times in milliseconds since 1970. */
export interface Asked {
  readonly operation: Operation;
  /** Name of the container; none for GC and STATUS. */
  readonly container?: string;
  /** Names of the containers that are valid; only for GC. */
  readonly valid?: readonly string[];
  readonly startedAt: number;
  readonly endedAt: number;
  /** What the runtime said, where it refused or failed. */
  readonly error?: string;
}

/** One scene as a runtime played it: what it was asked for, and the calls that it made. */
export interface Played {
  readonly scene: SceneName;
  readonly lists: readonly NetworkList[];
  /** The version that runtime and list have in common, the highest of them. */
  readonly version: SpecVersion;
  /** Inode of the runtime's network namespace. */
  readonly network: string;
  readonly asked: readonly Asked[];
  /** Calls of the plugins of the lists, by the time at which they began. */
  readonly calls: readonly RecordedCall[];
}

/** The types of the only, or first, list. */
export function pluginsOf({ lists }: Played): string[] {
  return lists[0]?.plugins.map(({ type }) => type) ?? [];
}

/** Calls with that command that began while it was being done. For scenes that ask for one thing at a time. */
export function callsOf({ calls }: Played, { startedAt, endedAt }: Asked, command: string): RecordedCall[] {
  return calls.filter(
    (call) => call.command === command && call.startedAt >= startedAt && call.startedAt <= endedAt,
  );
}

/** What was asked for with that operation, in the order of asking. */
export function askedFor({ asked }: Played, operation: Operation): Asked[] {
  return asked.filter((one) => one.operation === operation);
}

/** The plugins that were called, in the order of the calls. */
export function namesOf(calls: readonly RecordedCall[]): string {
  return calls.map(({ plugin }) => plugin).join(", ") || "nothing";
}

/** Which result a call was given as prevResult: the id of the call that answered it; `(none)` without one. */
export function previousOf({ request }: RecordedCall): string {
  const previous = request?.prevResult;
  return previous === undefined ? "(none)" : (previous.dns?.domain ?? "one of nobody's");
}

/** Whether two calls ran at once. One that was killed has no end. */
export function overlap(one: RecordedCall, other: RecordedCall): boolean {
  const end = (call: RecordedCall) => call.endedAt ?? Number.POSITIVE_INFINITY;
  return one.startedAt < end(other) && other.startedAt < end(one);
}
