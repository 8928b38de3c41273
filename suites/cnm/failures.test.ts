import { randomBytes } from "node:crypto";
import { randomId, randomPool } from "#harness/cnm/client/random.ts";
import { describeExchange, fieldsOf, type ReadExchange } from "#harness/cnm/protocol/exchange.ts";
import { type CallName, genericOptionsKey } from "#harness/cnm/protocol/protocol.ts";
import { Nonconformance, ProbeFailed } from "#harness/core/errors.ts";
import { type CnmTest, cnmSuite, holds, play } from "./fixture.ts";

/** Bodies that no JSON decoder takes. */
const malformed = [
  "{",
  '{"NetworkID": }',
  '{"PoolID": "a"',
  "NetworkID=a",
  "\u0000\u0001",
  '{"PoolID": "a"} trailing',
];

/** Bodies that are JSON and not the call's: a number for a text, a text for a list, a list for the object. */
const mistyped: Partial<Record<CallName, string[]>> = {
  "NetworkDriver.CreateNetwork": [
    JSON.stringify({ NetworkID: 42, Options: {}, IPv4Data: [], IPv6Data: [] }),
    JSON.stringify({ NetworkID: randomId(), Options: {}, IPv4Data: "10.0.0.0/24", IPv6Data: [] }),
    "[]",
  ],
  "NetworkDriver.CreateEndpoint": [JSON.stringify({ NetworkID: randomId(), EndpointID: { id: 1 } })],
  "IpamDriver.RequestPool": [
    JSON.stringify({ AddressSpace: ["a"], Pool: "" }),
    JSON.stringify({ Pool: 10, V6: "no" }),
  ],
  "IpamDriver.RequestAddress": [JSON.stringify({ PoolID: 7, Address: "" })],
};

cnmSuite(({ requirement }) => {
  requirement("CNM-3", "bodies that are no JSON", async (test) => {
    const engine = play(test);
    const calls = served(test, [
      "NetworkDriver.CreateNetwork",
      "NetworkDriver.Join",
      "IpamDriver.RequestPool",
    ]);
    await expectDecodable(engine.client.sendText(calls[0]!, wellFormed(calls[0]!)));
    await Promise.all(calls.flatMap((call) => malformed.map((body) => engine.client.sendText(call, body))));
    holds(engine, "CNM-3");
    expectAnswers(engine.client.exchanges.length, calls.length * malformed.length + 1);
  });

  requirement("CNM-3", "bodies whose fields have the wrong type", async (test) => {
    const engine = play(test);
    for (const call of served(test, Object.keys(mistyped) as CallName[])) {
      for (const body of mistyped[call] ?? []) await engine.client.sendText(call, body);
    }
    holds(engine, "CNM-3");
  });

  requirement("CNM-5", "calls for a network or endpoint that does not exist", async (test) => {
    const engine = play(test);
    const NetworkID = randomId();
    const EndpointID = randomId();
    mustFail(
      await engine.client.call("NetworkDriver.CreateEndpoint", {
        NetworkID,
        EndpointID,
        Interface: {},
        Options: {},
      }),
    );
    await engine.client.call("NetworkDriver.EndpointOperInfo", { NetworkID, EndpointID });
    await engine.client.call("NetworkDriver.Join", {
      NetworkID,
      EndpointID,
      SandboxKey: "/none",
      Options: {},
    });
    await engine.client.call("NetworkDriver.DeleteEndpoint", { NetworkID, EndpointID });
    await engine.client.call("NetworkDriver.DeleteNetwork", { NetworkID });
    holds(engine, "CNM-5");
  });

  requirement("CNM-5b", "a secret among the options of a call that fails", async (test) => {
    const engine = play(test);
    const secret = randomBytes(12).toString("hex");
    const Options = { [genericOptionsKey]: { ...test.options, password: secret } };
    const ids = { NetworkID: randomId(), EndpointID: randomId() };
    const unusable = { AddressSpace: "", Pool: "10.251.0.0/99", Gateway: "10.251.0.1/99", AuxAddresses: {} };
    const results = [
      await engine.client.call("NetworkDriver.CreateNetwork", {
        NetworkID: ids.NetworkID,
        Options,
        IPv4Data: [unusable],
        IPv6Data: [],
      }),
      await engine.client.call("NetworkDriver.CreateEndpoint", { ...ids, Interface: {}, Options }),
    ];
    await engine.deleteNetwork({ id: ids.NetworkID });
    if (results.every((result) => result.succeeded)) mustFail(results[1]!);
    for (const result of results) {
      if (!result.exchange.answer?.includes(secret)) continue;
      throw new Nonconformance({
        who: test.socket.name,
        expected: "the value of the option password in no answer",
        got: `"${result.message}"`,
        evidence: describeExchange(result.exchange),
      });
    }
  });

  requirement("CNM-5c", "answers of success and of failure", async (test) => {
    const engine = play(test);
    if (test.facts.subsystems.has("NetworkDriver")) {
      const network = await engine.network();
      const endpoint = await engine.endpoint(network);
      await engine.join(endpoint);
      await engine.leave(endpoint);
      await engine.deleteEndpoint(endpoint);
      await engine.client.call("NetworkDriver.CreateEndpoint", {
        NetworkID: randomId(),
        EndpointID: randomId(),
        Interface: {},
        Options: {},
      });
    }
    if (test.facts.subsystems.has("IpamDriver")) {
      const pool = await engine.pool();
      await engine.requestAddress(pool.id);
      await engine.requestAddress(`none-${randomId()}`);
    }
    holds(engine, "CNM-5c");
  });

  requirement("CNM-17", "an address of a pool that does not exist", async (test) => {
    const engine = play(test);
    mustFail(await engine.requestAddress(`none-${randomId()}`));
    const pool = await engine.pool();
    mustFail(await engine.requestAddress(pool.id, "192.0.2.77"));
    await engine.client.call("IpamDriver.ReleasePool", { PoolID: `none-${randomId()}` });
    await engine.client.call("IpamDriver.ReleaseAddress", {
      PoolID: `none-${randomId()}`,
      Address: "192.0.2.77",
    });
    holds(engine, "CNM-17");
  });
});

/** Of `names`, those whose subsystem the plugin serves. */
function served(test: CnmTest, names: CallName[]): CallName[] {
  return names.filter((name) => test.facts.subsystems.has(name.split(".")[0] ?? ""));
}

function wellFormed(call: CallName): string {
  if (call.startsWith("IpamDriver."))
    return JSON.stringify({ AddressSpace: "", Pool: "", SubPool: randomPool() });
  return JSON.stringify({ NetworkID: randomId(), Options: {}, IPv4Data: [], IPv6Data: [] });
}

/** Control: a plugin that refuses every body would also refuse the bad ones. A failure in the protocol's terms is an answer. */
async function expectDecodable(sent: Promise<ReadExchange>): Promise<void> {
  const { exchange, answer } = await sent;
  const fields = fieldsOf(answer);
  if (exchange.status === 200 || fields?.Err || fields?.Error) return;
  throw new Nonconformance({
    who: exchange.plugin,
    expected: "a well-formed request to be decoded",
    got: `status ${exchange.status}`,
    evidence: describeExchange(exchange),
  });
}

function expectAnswers(got: number, expected: number): void {
  if (got !== expected) throw new ProbeFailed(`expected ${expected} exchanges on record, got ${got}`);
}

/** The call cannot be done, so the plugin must say so, under whichever key. */
function mustFail({ exchange, succeeded, message }: ReadExchange): void {
  if (!succeeded && message) return;
  throw new Nonconformance({
    who: exchange.plugin,
    expected: `${exchange.call} to fail with a message`,
    got: succeeded ? "success" : (exchange.failure ?? "a failure without message"),
    evidence: describeExchange(exchange),
  });
}
