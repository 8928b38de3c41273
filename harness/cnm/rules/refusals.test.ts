import { describe, expect, test } from "vitest";
import type { Exchange } from "#harness/cnm/protocol/exchange.ts";
import type { EnginesHave } from "./omissions.ts";
import { omissionsBehind } from "./refusals.ts";

const hasNothing: EnginesHave = { networks: new Set(), endpoints: new Set() };

/** Exchanges one after the other, each answered before the next one is sent. */
function inOrder(...said: readonly (readonly [call: string, request: object, answer?: object])[]) {
  return said.map(([call, request, answer = {}], index): Exchange => {
    const at = { startedAt: index * 10, endedAt: index * 10 + 5 };
    const bodies = { request: JSON.stringify(request), status: 200, answer: JSON.stringify(answer) };
    return { id: index, plugin: "mine", caller: "node2", call, ...bodies, ...at };
  });
}

const address = "10.1.24.200";
const asked = [
  "IpamDriver.RequestAddress",
  { PoolID: "p", Address: address },
  { Address: `${address}/24` },
] as const;
const released = ["IpamDriver.ReleaseAddress", { PoolID: "p", Address: address }] as const;
const endpoint = (id: string, network = "n", of = `${address}/24`) => ({
  ...{ NetworkID: network, EndpointID: id },
  Interface: { Address: of },
});
const made = ["NetworkDriver.CreateEndpoint", endpoint("e")] as const;
const joined = ["NetworkDriver.Join", endpoint("e")] as const;
const left = ["NetworkDriver.Leave", endpoint("e")] as const;
const removed = ["NetworkDriver.DeleteEndpoint", endpoint("e")] as const;
const words = "could not make the endpoint: flow for 02:02:0a:01:18:c8 exists";
const taken = ["NetworkDriver.CreateEndpoint", endpoint("f"), { Err: words }] as const;
const inUse = `address ${address} is in use`;
const keptBack = ["IpamDriver.RequestAddress", { PoolID: "p", Address: address }, { Error: inUse }] as const;

const said = (what: string) => `node2: docker start c-1: expected success, got HTTP 500: remote: ${what}`;
/** As recorded when an engine of 20.10 was killed that had a container on a network of global scope. */
const killed = inOrder(asked, made, joined, released, asked, taken, released, asked, taken);

describe("a refusal follows from what an engine left out", () => {
  test("where it is asked for an endpoint with the address of one that it was never asked to remove", () => {
    expect(omissionsBehind(said(words), killed, hasNothing)).toEqual([
      {
        ...{ engine: "node2", what: "endpoint", id: "e" },
        calls: ["NetworkDriver.Leave", "NetworkDriver.DeleteEndpoint"],
      },
    ]);
  });

  test("where an engine left the endpoint and did not delete it", () => {
    const exchanges = inOrder(asked, made, joined, left, taken);
    expect(omissionsBehind(said(words), exchanges, hasNothing)).toMatchObject([
      { calls: ["NetworkDriver.DeleteEndpoint"] },
    ]);
  });

  test("where it is asked for the address that such an endpoint has, and nobody gave it back", () => {
    const exchanges = inOrder(asked, made, joined, keptBack, keptBack);
    expect(omissionsBehind(said(inUse), exchanges, hasNothing)).toMatchObject([{ id: "e" }]);
  });

  test("where the plugin told the address of the endpoint itself", () => {
    const chosen = [
      "NetworkDriver.CreateEndpoint",
      { NetworkID: "n", EndpointID: "e", Interface: null },
      { Interface: { Address: `${address}/24` } },
    ] as const;
    expect(omissionsBehind(said(words), inOrder(chosen, taken), hasNothing)).toMatchObject([{ id: "e" }]);
  });
});

describe("a refusal is the plugin's own", () => {
  const nobody = (exchanges: readonly Exchange[], told = said(words), has = hasNothing) =>
    expect(omissionsBehind(told, exchanges, has)).toEqual([]);

  test("where the engine asked for the removal, whatever the plugin answered", () => {
    nobody(inOrder(asked, made, joined, left, removed, taken));
    const refused = ["NetworkDriver.DeleteEndpoint", endpoint("e"), { Err: "busy" }] as const;
    nobody(inOrder(asked, made, joined, refused, taken));
  });

  test("where the engine still has the endpoint", () => {
    nobody(killed, said(words), { ...hasNothing, endpoints: new Set(["node2 e"]) });
  });

  test("where the address was given back, and is refused all the same", () => {
    nobody(inOrder(asked, made, joined, released, keptBack), said(inUse));
  });

  test("where the endpoint has another address, or is of another network or pool", () => {
    nobody(inOrder(asked, ["NetworkDriver.CreateEndpoint", endpoint("e", "n", "10.1.24.7/24")], taken));
    nobody(inOrder(asked, ["NetworkDriver.CreateEndpoint", endpoint("e", "m")], taken));
    const other = ["IpamDriver.RequestAddress", { PoolID: "q", Address: address }, { Error: inUse }] as const;
    nobody(inOrder(asked, made, joined, other), said(inUse));
  });

  test("where the plugin refused the same once more, for something that nobody left out", () => {
    const elsewhere = ["NetworkDriver.CreateEndpoint", endpoint("g", "m"), { Err: words }] as const;
    nobody(inOrder(asked, made, taken, elsewhere));
  });

  test("where it refused the endpoint itself, or before there was one", () => {
    nobody(inOrder(asked, ["NetworkDriver.CreateEndpoint", endpoint("e"), { Err: words }], taken));
    nobody(inOrder(taken, asked, made));
  });

  test("where the engine says something else than the plugin did", () => {
    nobody(killed, "node2: docker start c-1: expected success, got HTTP 500: port 80 is taken");
    nobody(killed, words);
  });
});
