import type { Trace } from "#harness/conformance/suite/record/trace/schema.ts";

/** When the test of `exampleTrace` began. */
export const traceBegin = Date.parse("2026-11-20T02:00:00.000Z");

/** A failure of M4 with something in every lane: material for tests of what is made of traces. */
export function exampleTrace(more: Partial<Trace> = {}): Trace {
  const at = (ms: number) => traceBegin + ms;
  return {
    requirement: "M4",
    test: "containers on different nodes reach each other by address",
    driver: "mine",
    engine: "26.1",
    chapter: "multihost",
    outcome: "failed",
    reason: "c-1 to c-2 (10.1.2.2): expected an answer to ping, got 0 of 1 answered",
    byHand: [{ line: "node1$ ping -c1 10.1.2.2", confirmed: "confirmed 3/3" }],
    hops: ["last seen on node2 eth2 (in), dropped by inet filter input on node2: udp dport 4789 drop"],
    startedAt: at(0),
    checksFailedAt: [at(10_000)],
    failedAt: at(11_000),
    collectedAt: at(11_500),
    endedAt: at(12_000),
    hosts: [
      { name: "node1", isExternal: false, clock: { aheadMs: 2, withinMs: 5 } },
      { name: "node2", isExternal: false, clock: { aheadMs: -1_500, withinMs: 5 } },
      { name: "external", isExternal: true },
    ],
    commands: [
      {
        ...{ host: "node1", line: "ping -c1 10.1.2.2", isEngineCall: false, code: 1, signal: null },
        ...{ output: "1 packets transmitted, 0 received", startedAt: at(9_000), durationMs: 1_000 },
      },
      {
        ...{ host: "node1", line: 'POST /networks/create {"Name":"n1"}', isEngineCall: true, code: 0 },
        ...{ signal: null, output: '{"Id":"abc"}', startedAt: at(100), durationMs: 80 },
      },
    ],
    isRecorded: true,
    exchanges: [
      {
        ...{ caller: "node1", plugin: "mine", call: "NetworkDriver.Join", request: '{"NetworkID":"abc"}' },
        ...{ status: 200, answer: '{"Err":"no such network"}', startedAt: at(150), durationMs: 4 },
      },
    ],
    log: [{ host: "node2", of: "engine", at: at(160), text: 'level=warning msg="no such network"' }],
    packets: [
      {
        ...{ place: "c-1", link: "eth0", isOutgoing: true, at: at(10_100), isOfCheck: true },
        text: "10.1.2.1 > 10.1.2.2 icmp type 8",
      },
      {
        ...{ place: "node2", link: "eth2", isOutgoing: false, at: at(10_101), isOfCheck: true },
        text: "10.0.0.1:40001 > 10.0.0.2:4789 udp",
      },
    ],
    changes: [{ host: "node1", kind: "links", isThere: true, thing: "veth1: mtu 1450" }],
    states: [{ host: "node1", name: "routes", command: "ip route", text: "default via 10.0.0.254" }],
    leftOut: ["12 characters of the output of commands: transcript.jsonl"],
    files: ["evidence/mine@26.1/multihost/M4/node1-state.txt"],
    ...more,
  };
}
