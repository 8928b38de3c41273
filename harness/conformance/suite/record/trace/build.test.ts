import { expect, test } from "vitest";
import type { Exchange } from "#harness/cnm/protocol/exchange.ts";
import type { TranscriptEntry } from "#harness/host/transcript.ts";
import { buildTrace, type Recorded } from "./build.ts";
import { traceSchema } from "./schema.ts";

const begin = 1_800_000_000_000;

function ran(at: number, argv: string[], more: Partial<TranscriptEntry> = {}): TranscriptEntry {
  const ended = { host: "node1", code: 0, signal: null, stdout: "", stderr: "", durationMs: 5 };
  return { ...ended, argv, startedAt: begin + at, ...more };
}

function said(id: number, at: number): Exchange {
  const call = { plugin: "p", caller: "node1", call: "NetworkDriver.Join", request: "{}" };
  const ended = { status: 200, answer: "{}", startedAt: begin + at, endedAt: begin + at + 3 };
  return { id, ...call, ...ended };
}

/** A capture (pcap, little-endian) of one empty frame. */
function pcapOf(at: number): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt32LE(1, 20);
  const packet = Buffer.alloc(16 + 60);
  packet.writeUInt32LE(Math.floor(at / 1000), 0);
  packet.writeUInt32LE((at % 1000) * 1000, 4);
  packet.writeUInt32LE(60, 8);
  packet.writeUInt32LE(60, 12);
  return Buffer.concat([header, packet]);
}

function build(more: Partial<Recorded> = {}) {
  const meta = { requirement: "M4", driver: "mine", engine: "26.1", chapter: "multihost" } as const;
  const trace = buildTrace({
    meta: {
      ...meta,
      outcome: "failed",
      durationMs: 1,
      reason: "no answer",
      transcript: "e/transcript.jsonl",
    },
    test: "reach",
    ...{ startedAt: begin, failedAt: begin + 1_000, collectedAt: begin + 2_000, endedAt: begin + 3_000 },
    ...{ entries: [], looks: [], kept: [], collected: { files: [] } },
    ...more,
  });
  // As it is written and read.
  return traceSchema.parse(JSON.parse(JSON.stringify(trace)));
}

test("commands of the test and of the removal are told, those that took the evidence are not", () => {
  const entries = [
    ran(2_100, ["docker", "rm", "c-1"]),
    ran(1_500, ["ip", "route"]),
    ran(10, ["ping", "a b"], { code: 1, stdout: "none\n", stderr: "no route\n" }),
    ran(5, ["engine-api", "POST", "/networks/create", "{}"]),
  ];
  expect(
    build({ entries }).commands.map(({ line, isEngineCall, output }) => [line, isEngineCall, output]),
  ).toEqual([
    ["POST /networks/create {}", true, ""],
    ["ping 'a b'", false, "none\nno route"],
    ["docker rm c-1", false, ""],
  ]);
});

test("exchanges are told once, whether the recorder or the test kept them, as far as they are of the time of the test", () => {
  const kept = [
    {
      name: "protocol.jsonl",
      content: [said(1, -500), said(2, 100)].map((one) => `${JSON.stringify(one)}\n`).join(""),
    },
    { name: "other.jsonl", content: '{"a":1}\nno json\n' },
  ];
  const { exchanges, isRecorded } = build({
    kept,
    collected: { files: [], exchanges: [said(2, 100), said(3, 50)] },
  });
  expect(exchanges.map(({ startedAt }) => startedAt - begin)).toEqual([50, 100]);
  expect(isRecorded).toBe(true);
  expect(build().isRecorded).toBe(false);
});

test("lines of logs and packets are put onto the clock of the run", () => {
  const stamp = (at: number) => new Date(begin + at).toISOString();
  const text = `==> /var/log/dockerd.log <==\nno time\ntime="${stamp(-5_000)}" x\ntime="${stamp(5_100)}" y`;
  const looks = [{ name: "engine log", command: "tail", text }];
  const node = { host: "node2", name: "node2-state.txt", content: "", looks };
  const clock = { host: "node2", aheadMs: 5_000, withinMs: 3 };
  const collected = { files: [], nodes: [node], hosts: [{ name: "node2", isExternal: false, clock }] };
  const kept = [{ name: "node2-eth1.pcap", content: pcapOf(begin + 5_200) }];
  const trace = build({ collected, kept });
  expect(trace.log.map(({ at, of }) => [at - begin, of])).toEqual([[100, "engine"]]);
  expect(trace.packets.map(({ at, place, link }) => [at - begin, place, link])).toEqual([
    [200, "node2", "eth1"],
  ]);
  expect(trace.leftOut).toContain("1 lines of logs of node2 that tell no time: node2-state.txt");
});

test("what is too long or too much is cut, counted, and it is told where all of it is", () => {
  const entries = Array.from({ length: 310 }, (_, index) =>
    ran(index, [`c${index}`], { stdout: "x".repeat(3_001) }),
  );
  const { commands, leftOut } = build({ entries });
  expect(commands).toHaveLength(300);
  expect([commands[0]?.line, commands[99]?.line, commands[100]?.line, commands[299]?.line]).toEqual([
    "c0",
    "c99",
    "c110",
    "c309",
  ]);
  expect(commands[0]?.output).toBe(`${"x".repeat(3_000)}\n… 1 more characters`);
  expect(leftOut).toEqual([
    "310 characters of the output of commands: e/transcript.jsonl",
    "10 commands after the first 100: e/transcript.jsonl",
  ]);
});

test("what is known of a failure by the test itself is told before what came of looking into it", () => {
  const looks = [{ startedAt: begin + 900, byHand: { line: "node1$ false", confirmed: "confirmed 3/3" } }];
  const { byHand, checksFailedAt, hops, changes } = build({ looks });
  expect(byHand).toEqual([{ line: "node1$ false", confirmed: "confirmed 3/3" }]);
  expect(checksFailedAt).toEqual([begin + 900]);
  expect([hops, changes]).toEqual([[], undefined]);
});
