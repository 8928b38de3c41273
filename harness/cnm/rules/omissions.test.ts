import { describe, expect, test } from "vitest";
import type { Exchange } from "#harness/cnm/protocol/exchange.ts";
import type { HeldResources } from "./conversation.ts";
import { areToBlame, type EnginesHave, omissionsIn } from "./omissions.ts";

const nothing: HeldResources = { networks: [], endpoints: [], joins: [], pools: [], addresses: [] };
const hasNothing: EnginesHave = { networks: new Set(), endpoints: new Set() };

function exchange(call: string, request: object, answer = "{}", caller = "node1"): Exchange {
  const said = { status: answer === "{}" ? 200 : 500, answer, startedAt: 0, endedAt: 1 };
  return { id: 1, plugin: "mine", caller, call, request: JSON.stringify(request), ...said };
}

const [net, e] = [{ NetworkID: "n" }, { NetworkID: "n", EndpointID: "e" }];
const made = [
  exchange("NetworkDriver.CreateNetwork", net),
  exchange("NetworkDriver.CreateEndpoint", e),
  exchange("NetworkDriver.Join", e),
];
const refused = exchange("NetworkDriver.DeleteNetwork", net, '{"Err":"Network has active endpoints"}');
/** As after a kill of an engine of 20.10 with a network of global scope. */
const held: HeldResources = {
  ...nothing,
  ...{
    networks: ["node1 n"],
    endpoints: ["node1 e"],
    joins: ["node1 e"],
    pools: ["p"],
    addresses: ["10.1.1.2"],
  },
};

function judge(exchanges: readonly Exchange[], has = hasNothing, of = held) {
  const omissions = omissionsIn(of, exchanges, has);
  return { omissions, blame: areToBlame(omissions, of, exchanges) };
}

describe("the engine is to blame", () => {
  test("for an endpoint that it never took back, and for the network that this keeps", () => {
    expect(judge([...made, refused])).toEqual({
      blame: true,
      omissions: [
        {
          ...{ engine: "node1", what: "endpoint", id: "e" },
          calls: ["NetworkDriver.Leave", "NetworkDriver.DeleteEndpoint"],
        },
      ],
    });
  });

  test("for an endpoint that it left and did not delete, and for one that it never joined", () => {
    const left = [...made, exchange("NetworkDriver.Leave", e), refused];
    const [deletion] = [{ calls: ["NetworkDriver.DeleteEndpoint"] }];
    expect(judge(left, hasNothing, { ...held, joins: [] })).toMatchObject({
      blame: true,
      omissions: [deletion],
    });
    const broken = [...made.slice(0, 2), refused];
    expect(judge(broken, hasNothing, { ...held, joins: [] })).toMatchObject({
      blame: true,
      omissions: [deletion],
    });
  });

  test("for a network of global scope that stays on every node, since one engine never took an endpoint back", () => {
    const elsewhere = exchange("NetworkDriver.CreateNetwork", net, "{}", "node2");
    const has = { ...hasNothing, networks: new Set(["node1 n", "node2 n"]) };
    const both = { ...held, networks: ["node1 n", "node2 n"] };
    expect(judge([...made, elsewhere], has, both).blame).toBe(true);
    expect(judge([...made, elsewhere], has, { ...both, networks: ["node1 n", "node2 m"] }).blame).toBe(false);
  });

  test("for a network that it has no more and never asked for, also where another engine did", () => {
    const other = exchange("NetworkDriver.DeleteNetwork", net, "{}", "node2");
    expect(judge([...made, other], hasNothing, { ...nothing, networks: ["node1 n"] })).toMatchObject({
      blame: true,
      omissions: [{ what: "network", calls: ["NetworkDriver.DeleteNetwork"] }],
    });
  });
});

describe("the plugin stays charged", () => {
  test("where the engine asked, and the plugin refused or kept it all the same", () => {
    for (const answer of ["{}", '{"Err":"busy"}']) {
      const asked = [
        ...made,
        exchange("NetworkDriver.Leave", e, answer),
        exchange("NetworkDriver.DeleteEndpoint", e, answer),
        refused,
      ];
      expect(judge(asked)).toEqual({ blame: false, omissions: [] });
    }
  });

  test("where the engine still has the endpoint, so that the suite did not remove it", () => {
    const has = { ...hasNothing, endpoints: new Set(["node1 e"]) };
    expect(judge([...made, refused], has)).toEqual({ blame: false, omissions: [] });
  });

  test("where something else is held as well that was asked for", () => {
    const second = { NetworkID: "n", EndpointID: "f" };
    const both = [
      ...made,
      exchange("NetworkDriver.CreateEndpoint", second),
      exchange("NetworkDriver.DeleteEndpoint", second, '{"Err":"busy"}'),
      refused,
    ];
    expect(judge(both, hasNothing, { ...held, endpoints: ["node1 e", "node1 f"] }).blame).toBe(false);
    const network = exchange("NetworkDriver.CreateNetwork", { NetworkID: "m" });
    const deleted = exchange("NetworkDriver.DeleteNetwork", { NetworkID: "m" });
    const networks = { ...held, networks: ["node1 n", "node1 m"] };
    expect(judge([...made, refused, network, deleted], hasNothing, networks).blame).toBe(false);
  });

  test("where it refused to release an address or a pool", () => {
    const release = exchange(
      "IpamDriver.ReleaseAddress",
      { PoolID: "p", Address: "10.1.1.2" },
      '{"Error":"no"}',
    );
    expect(judge([...made, refused, release]).blame).toBe(false);
  });

  test("for what was made before the recording, and where nothing is held", () => {
    expect(judge([refused])).toEqual({ blame: false, omissions: [] });
    expect(judge([...made], hasNothing, nothing)).toEqual({ blame: false, omissions: [] });
    expect(judge(made, hasNothing, { ...nothing, addresses: ["10.1.1.2"] }).blame).toBe(false);
  });
});
