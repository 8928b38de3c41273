import type { Exchange } from "#harness/cnm/protocol/exchange.ts";
import type { ConformanceMeta } from "#harness/conformance/outcome.ts";
import type { Collected } from "#harness/conformance/suite/record/collected.ts";
import { onOurClock } from "#harness/host/clock.ts";
import { engineCall } from "#harness/host/engine-calls.ts";
import { formatCommand } from "#harness/host/shell.ts";
import type { TranscriptEntry } from "#harness/host/transcript.ts";
import { describeFrame } from "#harness/observe/capture/packet.ts";
import type { EvidenceFile } from "#harness/observe/evidence.ts";
import { logsOf } from "#harness/observe/logs.ts";
import { readMarked } from "#harness/observe/second-look/mark.ts";
import type { Look } from "#harness/observe/second-look/view.ts";
import { Bounds } from "./bounds.ts";
import { exchangesIn, packetsIn } from "./files.ts";
import { readLog } from "./log.ts";
import type { Trace } from "./schema.ts";

/** What one failed test has left. Times are milliseconds since the epoch, on the clock of this process. */
export interface Recorded {
  readonly meta: ConformanceMeta;
  readonly test: string;
  readonly startedAt: number;
  readonly failedAt?: number | undefined;
  readonly collectedAt?: number | undefined;
  readonly endedAt: number;
  readonly entries: readonly TranscriptEntry[];
  readonly looks: readonly Look[];
  /** What the test kept. */
  readonly kept: readonly EvidenceFile[];
  readonly collected: Collected;
}

/** Looks at a node that are too long for a page, and say less than the others. */
const tooLong: readonly string[] = ["networks", "inspect", "counters", ...logsOf];

/** Everything that is known of a failed test, on one clock, and no more of it than a page has room for. */
export function buildTrace(recorded: Recorded): Trace {
  const { meta, test, startedAt, failedAt, collectedAt, endedAt, looks, collected } = recorded;
  const bounds = new Bounds();
  const hosts = hostsOf(recorded);
  const clockOf = (name: string) => hosts.find((one) => one.name === name)?.clock;
  const onClock = (host: string, at: number) => onOurClock(at, clockOf(host));
  const exchanges = exchangesOf(recorded, bounds);
  const folder = meta.transcript ?? "the transcript";
  return {
    requirement: meta.requirement,
    test,
    driver: meta.driver,
    engine: meta.engine,
    chapter: meta.chapter,
    outcome: meta.outcome,
    reason: bounds.text(meta.reason ?? "", 20_000, "of the failure", "conformance.json"),
    byHand: byHandOf(recorded),
    hops: looks.flatMap(({ hop }) => (hop ? [hop.says] : [])),
    startedAt,
    checksFailedAt: looks.map((look) => look.startedAt),
    ...(failedAt === undefined ? {} : { failedAt }),
    ...(collectedAt === undefined ? {} : { collectedAt }),
    endedAt,
    hosts,
    commands: bounds.ends(commandsOf(recorded, bounds, folder), 300, "commands", folder),
    isRecorded: collected.exchanges !== undefined || exchanges.length > 0,
    exchanges: bounds.ends(exchanges, 200, "exchanges", "the transcript of the protocol"),
    log: logOf(recorded, onClock, bounds),
    packets: packetsOf(recorded, onClock, bounds),
    ...(collected.changes
      ? {
          changes: bounds.first(
            collected.changes.map(({ host, kind, change, thing }) => {
              const text = bounds.text(thing, 1_000, "of what changed", "NODE-state.txt");
              return { host, kind, isThere: change === "left behind", thing: text };
            }),
            400,
            "changes on the nodes",
            "NODE-state.txt",
          ),
        }
      : {}),
    states: (collected.nodes ?? []).flatMap(({ host, looks: all, name }) =>
      all
        .filter((look) => !tooLong.includes(look.name))
        .map((look) => ({
          ...{ host, name: look.name, command: look.command.trim() },
          text: bounds.text(look.text.trimEnd(), 6_000, "of the state of nodes", name),
        })),
    ),
    leftOut: bounds.leftOut(),
    files: [...(meta.evidence ?? []), ...(meta.transcript === undefined ? [] : [meta.transcript])],
  };
}

function hostsOf({ collected, entries }: Recorded): Trace["hosts"] {
  const known = (collected.hosts ?? []).map(({ name, isExternal, clock }) => ({
    ...{ name, isExternal },
    ...(clock ? { clock: { aheadMs: clock.aheadMs, withinMs: clock.withinMs } } : {}),
  }));
  const names = new Set(known.map(({ name }) => name));
  const others = new Set(entries.map(({ host }) => host).filter((host) => !names.has(host)));
  return [...known, ...[...others].map((name) => ({ name, isExternal: false }))];
}

function byHandOf({ meta, looks }: Recorded): Trace["byHand"] {
  const lines = looks.flatMap(({ byHand }) => (byHand ? [{ ...byHand }] : []));
  const own = meta.reproduce === undefined ? undefined : readMarked(meta.reproduce);
  return own === undefined || lines.some(({ line }) => line === own.line) ? lines : [own, ...lines];
}

/** Those that took the evidence are not among them: what they told is the state of the nodes. */
function commandsOf(
  { entries, failedAt, collectedAt }: Recorded,
  bounds: Bounds,
  file: string,
): Trace["commands"] {
  const isEvidence = ({ startedAt }: TranscriptEntry) =>
    failedAt !== undefined && collectedAt !== undefined && startedAt >= failedAt && startedAt < collectedAt;
  return entries
    .filter((entry) => !isEvidence(entry))
    .sort((a, b) => a.startedAt - b.startedAt)
    .map(({ host, argv, code, signal, stdout, stderr, startedAt, durationMs }) => {
      const output = [stdout, stderr].map((text) => text.trimEnd()).filter(Boolean);
      const isEngineCall = argv[0] === engineCall;
      return {
        ...{ host, code, signal, startedAt, durationMs, isEngineCall },
        line: bounds.text(
          isEngineCall ? argv.slice(1).join(" ") : formatCommand(argv),
          2_000,
          "of commands",
          file,
        ),
        output: bounds.text(output.join("\n"), 3_000, "of the output of commands", file),
      };
    });
}

function exchangesOf({ collected, kept, startedAt, endedAt }: Recorded, bounds: Bounds): Trace["exchanges"] {
  const all = [...(collected.exchanges ?? []), ...exchangesIn([...kept, ...collected.files])];
  const key = ({ plugin, caller, id, startedAt: at }: Exchange) => `${plugin} ${caller} ${id} ${at}`;
  const once = [...new Map(all.map((one) => [key(one), one])).values()];
  const cut = (text: string) => bounds.text(text, 2_000, "of exchanges", "the transcript of the protocol");
  return once
    .filter((one) => one.endedAt >= startedAt && one.startedAt <= endedAt)
    .sort((a, b) => a.startedAt - b.startedAt)
    .map(({ plugin, caller, call, request, status, answer, failure, injected, ...times }) => ({
      ...{ plugin, caller, call, status },
      request: cut(request),
      answer: answer === null ? null : cut(answer),
      ...(failure === undefined ? {} : { failure }),
      ...(injected === undefined ? {} : { injected }),
      startedAt: times.startedAt,
      durationMs: times.endedAt - times.startedAt,
    }));
}

type OnClock = (host: string, at: number) => number;

function logOf(
  { collected, startedAt, collectedAt, endedAt }: Recorded,
  onClock: OnClock,
  bounds: Bounds,
): Trace["log"] {
  const files = (collected.nodes ?? []).map(({ name }) => name).join(", ");
  const lines = (collected.nodes ?? []).flatMap((node) => {
    const { lines: told, untimed } = readLog(node);
    if (untimed > 0) bounds.leave(`${untimed} lines of logs of ${node.host} that tell no time: ${node.name}`);
    return told.map(({ at, text, of }) => ({
      ...{ host: node.host, of, at: onClock(node.host, at) },
      text: bounds.text(text, 1_000, "of lines of logs", node.name),
    }));
  });
  const during = lines
    .filter(({ at }) => at >= startedAt - 1_000 && at <= (collectedAt ?? endedAt))
    .sort((a, b) => a.at - b.at);
  return bounds.last(during, 300, "lines of logs", files);
}

function packetsOf({ looks, kept, collected }: Recorded, onClock: OnClock, bounds: Bounds): Trace["packets"] {
  const watched = looks.flatMap(({ hop }) => {
    const followed = new Set(hop?.followed);
    return (hop?.packets ?? []).map((seen) => ({
      ...{ place: seen.place.name, link: seen.link, isOutgoing: seen.outgoing },
      at: onClock(seen.place.host.name, seen.packet.time),
      text: describeFrame(seen.packet),
      isOfCheck: followed.has(seen),
    }));
  });
  const hosts = (collected.hosts ?? []).map(({ name }) => name);
  const captured = packetsIn(kept).flatMap(({ file, packets }) => {
    const stem = file.replace(/\.pcap$/, "");
    const host = hosts.find((name) => stem.startsWith(`${name}-`)) ?? "";
    return packets.map((packet) => ({
      ...{ place: host || stem, link: host ? stem.slice(host.length + 1) : "" },
      ...{ at: onClock(host, packet.time), text: describeFrame(packet), isOfCheck: false },
    }));
  });
  // What is of the check stays, whatever else was on the wire.
  const ofCheck = watched.filter(({ isOfCheck }) => isOfCheck);
  const others = [...watched.filter(({ isOfCheck }) => !isOfCheck), ...captured].sort((a, b) => a.at - b.at);
  return [
    ...bounds.first(ofCheck, 200, "packets of the check", "kept nowhere"),
    ...bounds.last(others, 200, "other packets", "the captures among the files, where a test made some"),
  ].sort((a, b) => a.at - b.at);
}
