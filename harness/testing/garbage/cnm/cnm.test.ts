import { Duplex } from "node:stream";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { granted } from "#harness/cnm/client/answers.ts";
import { PluginClient, pluginSocket } from "#harness/cnm/client/client.ts";
import { PlayedEngine } from "#harness/cnm/client/engine.ts";
import type { Exchange } from "#harness/cnm/protocol/exchange.ts";
import { RecordingProxy } from "#harness/cnm/recorder/proxy.ts";
import { checkConversation } from "#harness/cnm/rules/conversation.ts";
import { checkExchange } from "#harness/cnm/rules/rules.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { Nonconformance } from "#harness/core/errors.ts";
import { Ends, trial, trialMs } from "#harness/testing/garbage/trial.ts";
import { allAnswered, learnFacts } from "#suites/cnm/fixture.ts";
import { type Garbage, garbage } from "./answers.ts";
import { playedCalls, requests } from "./honest.ts";
import { type GarbagePlugin, serveGarbage } from "./plugin.ts";

/** Longer than anything here takes: what ends only then has hung. */
const deadlineMs = 60_000;

let plugin: GarbagePlugin;
let proxy: RecordingProxy;
let socket: string;
const scope = new Scope("garbage");
beforeAll(async () => {
  plugin = await serveGarbage(scope);
  proxy = new RecordingProxy(scope, pluginSocket(plugin.path));
  socket = plugin.path.replace(/plugin\.sock$/, "recorded.sock");
  await proxy.listen(scope, socket);
});
afterAll(() => scope.close());

/** Which rules the exchanges broke, and the call that was refused. */
function endsOf(exchanges: readonly Exchange[], refused: unknown): string[] {
  const found = [...exchanges.flatMap(checkExchange), ...checkConversation(exchanges)];
  const ends = found.map(({ requirement }) => requirement as string);
  if (refused === undefined) return ends;
  expect(refused).toBeInstanceOf(Nonconformance);
  expect((refused as Error).message).toMatch(/^.*: expected (\w+\.\w+) to /);
  return [...ends, "refused, as the call must succeed"];
}

/** One call, through a recorder, as a test of the suite makes it that needs it to succeed. */
async function callOnce({ call }: Pick<Garbage, "call">): Promise<string[]> {
  const client = new PluginClient(pluginSocket(socket), "suite");
  const recorded = proxy.exchanges.length;
  const read = await client.sendText(call, JSON.stringify(requests[call]), { deadlineMs });
  expect(read.exchange.failure ?? "").not.toMatch(/^no answer within/);
  let refused: unknown;
  try {
    granted(read);
  } catch (error) {
    refused = error;
  }
  const ends = endsOf(client.exchanges, refused);
  expect(proxy.exchanges.length).toBe(recorded + 1);
  const { status, answer } = proxy.exchanges.at(-1) as Exchange;
  expect({ status, answer }).toEqual({ status: read.exchange.status, answer: read.exchange.answer });
  expect(proxy.findings(recorded).map(({ requirement }) => requirement)).toEqual(
    ends.filter((end) => end.startsWith("CNM-")),
  );
  return ends;
}

/** A network with an endpoint, from the handshake to its deletion, as the suite plays it. */
async function playAll(): Promise<string[]> {
  const exchanges: Exchange[] = [];
  const client = new PluginClient(pluginSocket(socket), "suite", {
    onExchange: (exchange) => exchanges.push(exchange),
  });
  await using played = new Scope("a played engine");
  let refused: unknown;
  try {
    const facts = await learnFacts(client);
    const engine = new PlayedEngine({ client, facts, scope: played });
    const endpoint = await engine.endpoint(await engine.network("10.99.1.0/24"));
    granted(await engine.join(endpoint));
    granted(await engine.leave(endpoint));
    granted(await engine.deleteEndpoint(endpoint));
    granted(await engine.deleteNetwork(endpoint.network));
    for (const call of ["IpamDriver.ReleaseAddress", "IpamDriver.ReleasePool"] as const) {
      granted(await client.sendText(call, JSON.stringify(requests[call])));
    }
    // What every engine asks first, and the tests of the handshake need.
    for (const call of ["Plugin.Activate", "NetworkDriver.GetCapabilities"] as const) {
      granted(await client.call(call));
    }
    granted(await client.call("IpamDriver.GetDefaultAddressSpaces"));
    allAnswered({ client });
  } catch (error) {
    refused = error;
  }
  return endsOf(exchanges, refused);
}

describe("a CNM plugin's answers", { timeout: trialMs }, () => {
  test("that keep the rules pass", async () => {
    plugin.garbage = undefined;
    for (const call of playedCalls)
      expect({ call, ends: await callOnce({ call }) }).toEqual({ call, ends: [] });
    expect(await playAll()).toEqual([]);
  });

  test("that are malformed end in a rule each, as the client and the recorder see them", async () => {
    const ends = new Ends("malformed answers of a CNM plugin");
    await fc.assert(
      fc.asyncProperty(garbage, async (made) => {
        plugin.garbage = made;
        const found = await callOnce(made);
        expect(found).not.toEqual([]);
        ends.add(found);
      }),
      trial<[Garbage]>(),
    );
    ends.tell();
  });

  test("that are malformed end in a rule each, where a whole network is played", async () => {
    const ends = new Ends("networks with a malformed answer of a CNM plugin");
    await fc.assert(
      fc.asyncProperty(garbage, async (made) => {
        plugin.garbage = made;
        const found = await playAll();
        expect(found).not.toEqual([]);
        ends.add(found);
      }),
      trial<[Garbage]>(0.05),
    );
    ends.tell();
  });

  test.each([
    ["say nothing", () => {}, /^no answer within 50 ms$/],
    ["never stop", (stream: Duplex) => void stream.push("x".repeat(65_536)), /more than \d+ bytes of body/],
  ])("that %s are given up", async (_what, read, failure) => {
    const stream = new Duplex({
      read() {
        setImmediate(read, this);
      },
      write: (_chunk, _encoding, done) => done(),
    });
    if (read.length > 0) stream.push("HTTP/1.1 200 OK\r\n\r\n");
    const client = new PluginClient({ ...pluginSocket(socket), connect: async () => stream }, "suite");
    const { exchange } = await client.call("NetworkDriver.Leave", requests["NetworkDriver.Leave"], {
      deadlineMs: read.length === 0 ? 50 : deadlineMs,
    });
    expect(exchange.answer).toBeNull();
    expect(exchange.failure).toMatch(failure);
  });
});
