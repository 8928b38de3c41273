import type { Trace } from "#harness/conformance/suite/record/trace/schema.ts";

/** Whose doing something was; one row of the picture. */
export interface Lane {
  readonly id: string;
  readonly title: string;
  /** What it means that nothing is in it. */
  readonly empty: string;
}

/** Something that happened in a lane. */
export interface LaneEvent {
  readonly lane: string;
  /** Milliseconds since the epoch, on the clock of the run. */
  readonly at: number;
  readonly durationMs?: number;
  /** The host, or the place on it, where the lane is of several. */
  readonly where?: string;
  readonly title: string;
  /** All that there is to say. */
  readonly body?: string;
  /** `bad`: it failed, or was lost there. `warn`: worth a look. `good`: of the check that failed. */
  readonly tone?: "bad" | "warn" | "good";
}

const engine: Lane = { id: "engine", title: "engine", empty: "no call, no line" };
const plugin: Lane = { id: "plugin", title: "plugin protocol", empty: "nothing was said" };
const packets: Lane = { id: "packets", title: "packets", empty: "none was watched" };
/** Of the test itself. */
export const testLane = "test";

/** The lanes of a trace: each node, each host outside, the engines, the plugin, the wire. Those in which nothing happened are told as empty. */
export function lanesOf({ hosts, isRecorded }: Pick<Trace, "hosts" | "isRecorded">): Lane[] {
  const own = hosts.map(({ name, isExternal }) => ({
    id: laneOfHost(name),
    title: isExternal ? `outside: ${name}` : name,
    empty: "nothing ran",
  }));
  return [...own, engine, isRecorded ? plugin : { ...plugin, empty: "not recorded" }, packets];
}

/** A host may be called like another lane. */
function laneOfHost(name: string): string {
  return `host ${name}`;
}

/** Everything that happened, in the order of time. */
export function eventsOf(trace: Trace): LaneEvent[] {
  return [
    ...momentsOf(trace),
    ...trace.commands.map(eventOfCommand),
    ...trace.exchanges.map(eventOfExchange),
    ...trace.log.map(eventOfLine),
    ...packetEventsOf(trace),
  ].sort((a, b) => a.at - b.at);
}

function momentsOf(trace: Trace): LaneEvent[] {
  const { startedAt, checksFailedAt, failedAt, collectedAt, endedAt } = trace;
  const moment = (at: number | undefined, title: string, tone?: "bad"): LaneEvent[] =>
    at === undefined ? [] : [{ lane: testLane, at, title, ...(tone ? { tone } : {}) }];
  return [
    ...moment(startedAt, "the test began"),
    ...checksFailedAt.flatMap((at) =>
      moment(at, "a check had failed, and is made once more to see why", "bad"),
    ),
    ...moment(failedAt, "the test failed; evidence is taken", "bad"),
    ...moment(collectedAt, "what the test made is removed"),
    ...moment(endedAt, "the test ended"),
  ];
}

function eventOfCommand(command: Trace["commands"][number]): LaneEvent {
  const { host, line, isEngineCall, code, signal, output, startedAt: at, durationMs } = command;
  const came = isEngineCall ? (code === 0 ? "done" : "refused") : `${code ?? signal}`;
  return {
    ...{ lane: isEngineCall ? engine.id : laneOfHost(host), at, durationMs },
    ...(isEngineCall ? { where: host } : {}),
    title: `${firstLine(line)} → ${came}`,
    ...bodyOf([isWhole(line) ? "" : line, output]),
    ...(code === 0 ? {} : { tone: "bad" as const }),
  };
}

function eventOfExchange(exchange: Trace["exchanges"][number]): LaneEvent {
  const { caller, call, request, status, answer, failure, injected, startedAt, durationMs } = exchange;
  const refused = status !== 200 || answer === null || /"(Err|Error)"\s*:\s*"[^"]/.test(answer);
  const told = answer ?? `no answer: ${failure ?? "unknown reason"}`;
  return {
    ...{ lane: plugin.id, at: startedAt, durationMs, where: caller },
    title: `${call} → ${answer === null ? "no answer" : `${status}${refused ? " refused" : ""}`}`,
    body: [request || "(empty)", `→ ${told}`, ...(injected ? [`injected: ${injected}`] : [])].join("\n"),
    ...(refused ? { tone: "bad" as const } : {}),
  };
}

function eventOfLine({ host, of, at, text }: Trace["log"][number]): LaneEvent {
  const isEngine = of === "engine";
  const tone = /\blevel=(error|fatal|panic)\b|^panic:/m.test(text)
    ? ("bad" as const)
    : /\blevel=warn(ing)?\b/.test(text)
      ? ("warn" as const)
      : undefined;
  const title = firstLine(text.replace(/^time="[^"]*" /, ""));
  return {
    ...{ lane: isEngine ? engine.id : plugin.id, at, title },
    where: isEngine ? host : `${host} ${of}`,
    ...bodyOf([isWhole(text) ? "" : text]),
    ...(tone ? { tone } : {}),
  };
}

function packetEventsOf({ packets: seen, hops }: Trace): LaneEvent[] {
  const events = seen.map(({ place, link, isOutgoing, at, text, isOfCheck }): LaneEvent => {
    const way = isOutgoing === undefined ? "" : isOutgoing ? " (out)" : " (in)";
    const where = `${place} ${link}${way}`.trim();
    return { lane: packets.id, at, where, title: text, ...(isOfCheck ? { tone: "good" as const } : {}) };
  });
  const last = seen.findLast(({ isOfCheck }) => isOfCheck);
  // Of several checks that failed, the first one alone is followed.
  const [hop] = hops;
  if (last && hop !== undefined)
    events.push({ lane: packets.id, at: last.at, title: hop, tone: "bad", where: "the check" });
  return events;
}

const shown = 160;

/** Whether the first line says all. */
function isWhole(text: string): boolean {
  return !text.includes("\n") && text.length <= shown;
}

function bodyOf(parts: readonly string[]): Pick<LaneEvent, "body"> {
  const body = parts.filter(Boolean).join("\n");
  return body === "" ? {} : { body };
}

function firstLine(text: string): string {
  const [first = ""] = text.trim().split("\n");
  return first.length <= shown ? first : `${first.slice(0, shown)}…`;
}
