import { describe, expect, test } from "vitest";
import type { Exchange } from "#harness/cnm/protocol/exchange.ts";
import type { ProtocolRecorder } from "#harness/cnm/recorder/recorder.ts";
import { Conversation, checkConversation, type HeldResources } from "#harness/cnm/rules/conversation.ts";
import { checkExchange } from "#harness/cnm/rules/rules.ts";
import { EngineRefused, HarnessError, Nonconformance, NotGone } from "#harness/core/errors.ts";
import {
  blameOmissions,
  exchangesSeen,
  expectProtocolKept,
  recorderOf,
  startOf,
  unasked,
  untilHeld,
} from "./protocol.ts";

const nothing: HeldResources = { networks: [], endpoints: [], joins: [], pools: [], addresses: [] };

function exchange(call: string, request: object): Exchange {
  const said = { status: 200, answer: "{}", startedAt: 0, endedAt: 1 };
  return { id: 1, plugin: "mine", caller: "node1", call, request: JSON.stringify(request), ...said };
}

test("of what is held it is told what no engine asked the plugin to remove", () => {
  const held = { ...nothing, networks: ["node1 net"], endpoints: ["node1 asked", "node1 kept"] };
  const exchanges = [
    exchange("NetworkDriver.Leave", { NetworkID: "net", EndpointID: "kept" }),
    exchange("NetworkDriver.DeleteEndpoint", { NetworkID: "net", EndpointID: "asked" }),
  ];
  expect(unasked(held, exchanges)).toEqual([
    "  the engine of node1 did not send NetworkDriver.DeleteNetwork for net",
    "  the engine of node1 did not send NetworkDriver.DeleteEndpoint for kept",
  ]);
  expect(unasked(nothing, exchanges)).toEqual([]);
  expect(unasked({ ...nothing, networks: ["net"] }, [])).toEqual([
    "  the caller did not send NetworkDriver.DeleteNetwork for net",
  ]);
});

test("what another engine asked for was not asked by this one", () => {
  const held = { ...nothing, joins: ["node2 one"] };
  const exchanges = [exchange("NetworkDriver.Leave", { NetworkID: "net", EndpointID: "one" })];
  expect(unasked(held, exchanges)).toEqual([
    "  the engine of node2 did not send NetworkDriver.Leave for one",
  ]);
});

test("what an engine asked for by Leave alone it did not ask to delete", () => {
  const held = { ...nothing, endpoints: ["node1 one"], joins: ["node1 one", "node1 two"] };
  const exchanges = [exchange("NetworkDriver.Leave", { NetworkID: "net", EndpointID: "one" })];
  expect(unasked(held, exchanges)).toEqual([
    "  the engine of node1 did not send NetworkDriver.DeleteEndpoint for one",
    "  the engine of node1 did not send NetworkDriver.Leave for two",
  ]);
});

/** What was recorded, by the rules of the recorder itself. */
function recorded(exchanges: readonly Exchange[]): ProtocolRecorder {
  const conversation = new Conversation();
  for (const one of exchanges) conversation.answered(one);
  const findings = [...exchanges.flatMap(checkExchange), ...checkConversation(exchanges)];
  const none = () => Promise.reject(new Error("no proxy"));
  return {
    mark: async () => ["p 7"] as never,
    since: async () => ({ exchanges, findings }) as never,
    held: async () => conversation.held(),
    ...{ subsystems: none, giveUp: none, inject: none },
  };
}

describe("the protocol of a chapter", () => {
  const net = { NetworkID: "net" };
  const unending = exchange("NetworkDriver.Unknown", net);

  /** What a last test came to, and what it told beside. */
  async function judge(exchanges: readonly Exchange[]) {
    const told: unknown[] = [];
    const tools = {
      fact: (...fact: unknown[]) => void told.push(fact),
      keep: (file: unknown) => void told.push(file),
      saw: (...seen: unknown[]) => void told.push(seen),
    };
    const never = () => Promise.reject(new Error("nothing is held"));
    const error = await expectProtocolKept(
      recorded(exchanges),
      undefined,
      "Chapter 2",
      tools as never,
      { ofHeld: () => undefined },
      never,
    ).catch((failure: unknown) => failure);
    return { told, error };
  }

  test("is kept where nothing is found and nothing held, and is evidence all the same", async () => {
    const exchanges = [
      exchange("NetworkDriver.CreateNetwork", net),
      exchange("NetworkDriver.DeleteNetwork", net),
    ];
    expect(await judge(exchanges)).toEqual({
      error: undefined,
      told: [
        { name: "protocol.jsonl", content: exchanges.map((one) => `${JSON.stringify(one)}\n`).join("") },
        ["exchanges in Chapter 2", 2],
        [exchangesSeen, 2],
      ],
    });
    expect((await judge([])).told).toContainEqual([exchangesSeen, 0]);
  });

  test("is broken by findings, each told with its exchange", async () => {
    const { error } = await judge([unending]);
    expect(error).toBeInstanceOf(Nonconformance);
    expect((error as Error).message.split("\n")).toEqual([
      "the plugin, during Chapter 2: expected answers after the protocol, and nothing held that was not held before, got 1 answers against CNM-4",
      "  CNM-4, asked by node1: expected 404 for the unknown method NetworkDriver.Unknown, got status 200",
      '  POST /NetworkDriver.Unknown {"NetworkID":"net"}',
      "  → 200 {} (1 ms)",
    ]);
  });

  test("has the rules that were broken told once, and five findings in full", async () => {
    const lists = exchange("NetworkDriver.Leave", { ...net, EndpointID: "e" });
    const { error } = await judge([...Array(6).fill(unending), { ...lists, answer: "{}{}" }]);
    const { message } = error as Error;
    expect(message).toContain("got 7 answers against CNM-4, CNM-5c\n");
    expect(message.match(/asked by/g)).toHaveLength(5);
  });
});

test("a start is where the recorder is, and what the plugin holds then", async () => {
  const exchanges = [exchange("NetworkDriver.CreateNetwork", { NetworkID: "net" })];
  const start = await startOf(recorded(exchanges));
  expect(start).toEqual({ mark: ["p 7"], held: { ...nothing, networks: ["node1 net"] } });
  // What it held before is no more than it held before.
  expect(await untilHeld(recorded(exchanges), start.held)).toEqual(nothing);
});

test("only what did not go, or what an engine refused, may be an engine's fault", async () => {
  const start = { mark: [] as never, held: nothing };
  const has = () => Promise.resolve({ networks: new Set<string>(), endpoints: new Set<string>() });
  const finding = { who: "c-1", expected: "nothing", got: "HTTP 500: remote: it has an owner" };
  const endpoint = (id: string, answer: string, at: number): Exchange => ({
    ...exchange("NetworkDriver.CreateEndpoint", {
      ...{ NetworkID: "net", EndpointID: id },
      Interface: { Address: "10.1.1.9/24" },
    }),
    ...{ answer, startedAt: at, endedAt: at + 1 },
  });
  const exchanges = [endpoint("e", "{}", 1), endpoint("f", '{"Err":"it has an owner"}', 3)];
  const recorder = recorded(exchanges);
  const before = { ...start, held: await recorder.held() };
  expect(await blameOmissions(new EngineRefused(finding), recorder, before, has)).toMatchObject({
    name: "EngineAtFault",
    because: { kind: "call left out" },
  });
  expect(await blameOmissions(new NotGone(finding), recorder, before, has)).toBeUndefined();
  expect(await blameOmissions(new Nonconformance(finding), recorder, before, has)).toBeUndefined();
  expect(await blameOmissions("no", recorder, before, has)).toBeUndefined();
});

test("a driver that declares remote has a recorder", () => {
  const protocol = recorded([]);
  expect(recorderOf({ protocol })).toBe(protocol);
  expect(() => recorderOf({})).toThrow(HarnessError);
  expect(() => recorderOf({})).toThrow(/has no protocol\n {2}next: have install call /);
});
