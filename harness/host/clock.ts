import type { ExecResult, Host } from "./host.ts";

/** How far the clock of a host is from the one of this process. */
export interface Clock {
  readonly host: string;
  /** Milliseconds by which it is ahead; negative where it is behind. */
  readonly aheadMs: number;
  /** The measurement is wrong by no more than that: half of the time that it took, and a millisecond. */
  readonly withinMs: number;
}

/** When a command started is told in whole milliseconds. */
const wholeMs = 1;

const deadlineMs = 3_000;

/** Looks once at the clock of a host. Resolves to `undefined` where it does not tell it. */
export async function readClock(host: Host): Promise<Clock | undefined> {
  const asked = await host.exec(["date", "+%s.%N"], { deadlineMs }).catch(() => undefined);
  return asked?.code === 0 ? clockFrom(asked) : undefined;
}

/** The clock that `date +%s.%N` told, which it did at some moment of its run. */
export function clockFrom({
  host,
  stdout,
  startedAt,
  durationMs,
}: Pick<ExecResult, "host" | "stdout" | "startedAt" | "durationMs">): Clock | undefined {
  if (!/^\d+\.\d+$/.test(stdout.trim())) return undefined;
  const half = durationMs / 2;
  return { host, aheadMs: Number(stdout) * 1000 - (startedAt + half), withinMs: half + wholeMs };
}

/**
 * A moment on the clock of a host, on the clock of this process. What may be an error of the measurement is left as it is, so that
 * hosts which share a clock keep the order of what they saw.
 */
export function onOurClock(at: number, clock: Pick<Clock, "aheadMs" | "withinMs"> | undefined): number {
  return clock && Math.abs(clock.aheadMs) > clock.withinMs ? at - clock.aheadMs : at;
}
