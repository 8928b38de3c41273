import { expect, test } from "vitest";
import type { Exchange } from "#harness/cnm/protocol/exchange.ts";
import type { HeldResources } from "#harness/cnm/rules/conversation.ts";
import { unasked } from "./protocol.ts";

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
