import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Nonconformance, ProbeFailed } from "#harness/core/errors.ts";
import type { Tallied, Tally } from "#harness/observe/capture/tally.ts";
import { besideControl } from "#harness/observe/probe/control.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import type { Field } from "./field.ts";
import type { Running } from "./first-process.ts";
import type { SenderSpec } from "./sender.ts";

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

/** How containers start and stop here. */
export interface CampaignOptions {
  readonly starts: number;
  readonly atATime: number;
  readonly begin: (scope: Scope, node: ClusterNode, spec: SenderSpec) => Promise<Running>;
  /** Whether a container loses its network before it ends. */
  readonly losesNetwork: (number: number) => boolean;
}

/** So many leaks tell what there is to tell. */
const enoughLeaks = 5;
const firstPacketMs = 60_000;
/** Lengths of packets by which starts are told apart, of those that are under way at a time. */
const lengths = { from: 100, different: 900 } as const;

/** Starts and stops containers, several at a time, between two sights of everything that must be reached. */
export function startAndStop(field: Field, scope: Scope, options: CampaignOptions): Promise<Start[]> {
  return besideControl(
    () => field.control(),
    () => runAll(field, scope, options),
  );
}

async function runAll(field: Field, scope: Scope, options: CampaignOptions): Promise<Start[]> {
  const done: Start[] = [];
  let next = 1;
  let stopped = false;
  const work = async () => {
    while (!stopped && next <= options.starts) {
      const start = await runOne(field, scope, options, next++);
      done.push(start);
      if (done.flatMap(({ leaks }) => leaks).length >= enoughLeaks) stopped = true;
    }
  };
  const workers = Array.from({ length: options.atATime }, () =>
    work().catch((error: unknown) => {
      stopped = true;
      throw error;
    }),
  );
  const broken = (await Promise.allSettled(workers)).find((end) => end.status === "rejected");
  if (broken) throw broken.reason;
  return done.sort((a, b) => a.number - b.number);
}

async function runOne(
  field: Field,
  scope: Scope,
  { begin, losesNetwork }: CampaignOptions,
  number: number,
): Promise<Start> {
  const { open, closed, external, nodes, group } = field;
  const node = nodes[number % nodes.length]!;
  const bytes = lengths.from + (number % lengths.different);
  // One at a time of what is closed: every packet costs.
  const shut = closed.at(Math.floor(number / 4) % Math.max(closed.length, 1));
  const targets = [open, ...(shut ? [shut] : [])].map(({ workload }) => workload.ip);
  const name = uniqueName("sender");
  const own = scope.child(name);
  try {
    const ordered = performance.now();
    const first = came(open.tally, bytes, ordered);
    first.catch(() => {});
    const spec = { name, group, bytes, targets: [...targets, ...(external ? [external.address] : [])] };
    const sender = await begin(own, node, spec);
    const startMs = await first;
    if (external) await came(external.tally, bytes, ordered);
    const stopOrdered = performance.now();
    if (losesNetwork(number)) await sender.detach();
    await own.close();
    const passed = await open.tally.take(bytes);
    const stopMs = Math.max(0, performance.now() - stopOrdered - latest(passed));
    const leaks = await leaksOf(field, bytes, ordered);
    const end = losesNetwork(number) ? "lost its network while it sent" : "ended";
    return {
      ...{ number, name, node: node.name, end, startMs, stopMs, leaks },
      livedMs: stopOrdered - ordered,
    };
  } finally {
    await own.close();
  }
}

/** When the first packet came, in milliseconds after the order. Throws `ProbeFailed` where none does: what does not send leaks nothing. */
async function came(tally: Tally, bytes: number, ordered: number): Promise<number> {
  const [seen] = await tally.first(bytes, firstPacketMs);
  if (!seen) throw new ProbeFailed(`no packet of a container that was started came in at ${tally.where}`);
  return performance.now() - ordered - seen.firstAgoMs;
}

function latest(seen: readonly Tallied[]): number {
  return Math.min(...seen.map(({ lastAgoMs }) => lastAgoMs));
}

async function leaksOf(field: Field, bytes: number, ordered: number): Promise<Leak[]> {
  const { closed, twin, external, isOfNode } = field;
  const places = [
    ...closed.map((target) => ({ border: "policy", at: target.workload.name, tally: target.tally }) as const),
    ...(twin ? [{ border: "tenant", at: twin.workload.name, tally: twin.tally } as const] : []),
    ...(external ? [{ border: "translation", at: "the external host", tally: external.tally } as const] : []),
  ];
  const leaks: Leak[] = [];
  for (const { border, at, tally } of places) {
    const seen = await tally.take(bytes);
    const now = performance.now();
    for (const { source, count, firstAgoMs } of seen) {
      if (border === "translation" && isOfNode(source)) continue;
      leaks.push({ border, at, source, packets: count, afterMs: now - ordered - firstAgoMs });
    }
  }
  return leaks;
}

/** Throws `Nonconformance` where packets got past that border. */
export function expectNoLeak(starts: readonly Start[], border: Border, expected: string): void {
  const leaking = starts
    .map((start) => ({ start, leaks: start.leaks.filter((leak) => leak.border === border) }))
    .filter(({ leaks }) => leaks.length > 0);
  const [first] = leaking;
  if (!first) return;
  const { start, leaks } = first;
  const [leak] = leaks;
  throw new Nonconformance({
    who: `${start.name} on ${start.node}, which ${start.end}, to ${leak!.at}`,
    expected,
    got:
      `${leak!.packets} packets from ${leak!.source}, and so in ${leaking.length} of ${starts.length} starts` +
      `\n${leaking.map((one) => describeLeak(one.start, one.leaks)).join("\n")}`,
  });
}

function describeLeak({ number, startMs, livedMs, stopMs }: Start, leaks: readonly Leak[]): string {
  const round = Math.round;
  const told = leaks.map(
    ({ packets, at, afterMs }) => `${packets} to ${at}, the first after ${round(afterMs)} ms`,
  );
  return (
    `  start ${number}: ${told.join("; ")}; the first that may pass after ${round(startMs)} ms, ` +
    `the order to stop after ${round(livedMs)} ms, the last packet ${round(stopMs)} ms later`
  );
}
