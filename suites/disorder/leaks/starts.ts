import { Nonconformance } from "#harness/core/errors.ts";
import type { Tallied } from "#harness/observe/capture/tally.ts";

/** What packets may not get past. */
export type Border = "policy" | "tenant" | "translation";

/** Packets that got where nothing may get. */
export interface Leak {
  readonly border: Border;
  /** Where they came in. */
  readonly at: string;
  readonly source: string;
  readonly packets: number;
  /** From the order to start to the first of them, in milliseconds. */
  readonly afterMs: number;
  /** They came when what else came of that start had been counted. */
  readonly late?: true;
}

/** A container that was started and stopped. */
export interface Start {
  /** From 1. */
  readonly number: number;
  readonly name: string;
  readonly node: string;
  readonly end: "lost its network while it sent" | "ended";
  /** From the order to start to the first packet that may pass, in milliseconds. */
  readonly startMs: number;
  /** From the order to stop, or to leave its network, to the last packet that passed. */
  readonly stopMs: number;
  /** From the order to start to that to stop. */
  readonly livedMs: number;
  readonly leaks: readonly Leak[];
}

/** Packets that were seen where they may not be, `sinceMs` after the order to start. */
export function leaksAmong(
  seen: readonly Tallied[],
  { border, at, sinceMs }: { readonly border: Border; readonly at: string; readonly sinceMs: number },
): Leak[] {
  return seen.map(({ source, count, firstAgoMs }) => ({
    ...{ border, at, source, packets: count },
    afterMs: sinceMs - firstAgoMs,
  }));
}

/** So many starts that leak tell what there is to tell of a border. */
const enoughLeaking = 5;
const shownLeaking = 20;

/** Whether a border is broken for all that more starts could tell. What gets past another border says nothing about it. */
export function isBroken(starts: readonly Start[], border: Border): boolean {
  return leakingIn(starts, border).length >= enoughLeaking;
}

/** Those that leak past a border, with that alone. */
function leakingIn(starts: readonly Start[], border: Border): { start: Start; leaks: readonly Leak[] }[] {
  return starts
    .map((start) => ({ start, leaks: start.leaks.filter((leak) => leak.border === border) }))
    .filter(({ leaks }) => leaks.length > 0);
}

/** Throws `Nonconformance` where packets got past that border. `asked`: how many starts there were to be. */
export function expectNoLeak(
  starts: readonly Start[],
  asked: number,
  border: Border,
  expected: string,
): void {
  const leaking = leakingIn(starts, border);
  const [first] = leaking;
  if (!first) return;
  const { start, leaks } = first;
  const [leak] = leaks;
  const told = leaking.slice(0, shownLeaking).map((one) => describeLeaks(one.start, one.leaks));
  const more = leaking.length - told.length;
  throw new Nonconformance({
    who: `${start.name} on ${start.node}, which ${start.end}, to ${leak!.at}`,
    expected,
    got:
      `${leak!.packets} packets from ${leak!.source}, and so in ${leaking.length} of ${starts.length} starts` +
      `${starts.length < asked ? `, where ${asked} were asked for and so many tell enough` : ""}` +
      `\n${told.join("\n")}${more > 0 ? `\n  and so in ${more} more starts` : ""}`,
  });
}

function describeLeaks({ number, startMs, livedMs, stopMs }: Start, leaks: readonly Leak[]): string {
  const round = Math.round;
  const told = leaks.map(
    ({ packets, at, afterMs, late }) =>
      `${packets} ${late ? "late " : ""}packets to ${at}, the first after ${round(afterMs)} ms`,
  );
  return (
    `  start ${number}: ${told.join("; ")}; the first that may pass after ${round(startMs)} ms, ` +
    `the order to stop after ${round(livedMs)} ms, the last packet ${round(stopMs)} ms later`
  );
}
