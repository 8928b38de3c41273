import { randomInt } from "node:crypto";
import { granted } from "#harness/cnm/client/answers.ts";
import { randomId, randomPool } from "#harness/cnm/client/random.ts";
import { describeExchange, fieldsOf, type ReadExchange } from "#harness/cnm/protocol/exchange.ts";
import { type CallName, callNames, calls } from "#harness/cnm/protocol/protocol.ts";
import { Nonconformance } from "#harness/core/errors.ts";
import { nthAddress, nthSubnet } from "#harness/core/ip.ts";
import { allAnswered, cnmSuite, holds, play } from "./fixture.ts";

cnmSuite(({ requirement }) => {
  // Alone, because a plugin may take this for the start of an engine and forget what it knew (CNM-25).
  requirement(
    "CNM-1",
    "the plugin says which subsystems it serves, each time it is asked",
    async (test) => {
      const engine = play(test);
      const first = granted(await engine.client.call("Plugin.Activate"));
      const second = granted(await engine.client.call("Plugin.Activate"));
      holds(engine, "CNM-1");
      expectSame(first, second);
      test.fact("implements", [...test.facts.subsystems].join(","));
    },
    { alone: true },
  );

  requirement("CNM-2", "the scope is one that the engine registers", async (test) => {
    const engine = play(test);
    granted(await engine.client.call("NetworkDriver.GetCapabilities"));
    holds(engine, "CNM-2");
    test.fact("scope", test.facts.scope);
  });

  requirement("CNM-4", "methods that do not exist are 404", async (test) => {
    const engine = play(test);
    const made = [...test.facts.subsystems].map((subsystem) => `${subsystem}.Transmogrify`);
    for (const call of [...made, "Plugin.Transmogrify", "NoSuchSubsystem.Call"]) {
      await engine.client.sendText(call, "{}");
    }
    holds(engine, "CNM-4");
  });

  requirement("CNM-4", "methods of the protocol exist", async (test) => {
    const engine = play(test);
    const names = callNames.filter((name) => test.facts.subsystems.has(calls[name].subsystem));
    await Promise.all(names.map((name) => engine.client.sendText(name, JSON.stringify(unknownIds(name)))));
    holds(engine, "CNM-4");
    allAnswered(engine);
  });

  requirement("CNM-6", "a global network is allocated and freed, without any IPv6 data", async (test) => {
    const engine = play(test);
    const network = await engine.prepareNetwork();
    for (const IPv6Data of [[], null]) {
      granted(
        await engine.client.call("NetworkDriver.AllocateNetwork", {
          NetworkID: network.id,
          Options: { ...test.options },
          IPv4Data: engine.ipamData(network),
          IPv6Data,
        }),
      );
      holds(engine, "CNM-6");
      granted(await engine.client.call("NetworkDriver.FreeNetwork", { NetworkID: network.id }));
    }
  });

  requirement("CNM-7", "the gateway check is answered before the network exists", async (test) => {
    const engine = play(test);
    const network = await engine.prepareNetwork();
    granted(await engine.client.call("NetworkDriver.GwAllocCheck", { Options: engine.networkOptions() }));
    granted(await engine.createNetwork(network));
    holds(engine, "CNM-7");
  });

  requirement("CNM-7b", "a network with IPv6 alone", async (test) => {
    const engine = play(test);
    granted(await engine.createNetwork(await engine.prepareNetwork()));
    const id = randomId();
    engine.forgetWithScope(id);
    const Pool = nthSubnet("fd6e:6366:ffff::/48", 64, randomInt(65_536));
    const created = await engine.client.call("NetworkDriver.CreateNetwork", {
      NetworkID: id,
      Options: engine.networkOptions({}, false),
      IPv4Data: [],
      IPv6Data: [
        { AddressSpace: engine.space, Pool, Gateway: `${nthAddress(Pool, 1)}/64`, AuxAddresses: {} },
      ],
    });
    if (created.message) test.note(`the plugin has no networks without IPv4: "${created.message}"`);
    else granted(created);
  });

  requirement("CNM-28", "both default address spaces have a name", async (test) => {
    const engine = play(test);
    granted(await engine.client.call("IpamDriver.GetDefaultAddressSpaces"));
    holds(engine, "CNM-28");
  });
});

/** A well-formed request that names nothing that exists, so that nothing comes of it. */
function unknownIds(name: CallName): Record<string, unknown> {
  const ids = { NetworkID: randomId(), EndpointID: randomId(), SandboxKey: "/var/run/docker/netns/none" };
  if (name === "IpamDriver.RequestPool") return { SubPool: randomPool(), Pool: "" };
  if (name.startsWith("IpamDriver.")) return { PoolID: `none-${randomId()}`, Address: "" };
  if (name.includes("Discover"))
    return { DiscoveryType: 1, DiscoveryData: { Address: "192.0.2.9", Self: false } };
  return ids;
}

function expectSame(first: ReadExchange, second: ReadExchange): void {
  const [one, other] = [first, second].map(({ answer }) => JSON.stringify(fieldsOf(answer)?.Implements));
  if (one === other) return;
  throw new Nonconformance({
    who: first.exchange.plugin,
    expected: `Plugin.Activate to list ${one} again`,
    got: String(other),
    evidence: describeExchange(second.exchange),
  });
}
