import { granted } from "#harness/cnm/client/answers.ts";
import type { PlayedEngine } from "#harness/cnm/client/engine.ts";
import { randomId, randomPool } from "#harness/cnm/client/random.ts";
import { describeExchange, type ReadExchange } from "#harness/cnm/protocol/exchange.ts";
import { until } from "#harness/core/async/poll.ts";
import { DeadlineExceeded, Nonconformance } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import { allAnswered, type CnmTest, cnmSuite, holds, interfaceExists, play, sourceName } from "./fixture.ts";

/** What the answers to Join named. */
const interfaces = "interfaces that the calls before made";

cnmSuite(({ requirement }) => {
  requirement("CNM-15", "calls for networks and endpoints that were never made", async (test) => {
    const engine = play(test);
    const ids = { NetworkID: randomId(), EndpointID: randomId() };
    if (test.facts.subsystems.has("NetworkDriver")) {
      const { client } = engine;
      await Promise.all([
        client.call("NetworkDriver.EndpointOperInfo", ids),
        client.call("NetworkDriver.Join", { ...ids, SandboxKey: "/var/run/docker/netns/none", Options: {} }),
        client.call("NetworkDriver.Leave", ids),
        client.call("NetworkDriver.DeleteEndpoint", ids),
        client.call("NetworkDriver.DeleteNetwork", ids),
        client.call("NetworkDriver.RevokeExternalConnectivity", ids),
        client.call("NetworkDriver.ProgramExternalConnectivity", { ...ids, Options: {} }),
        client.call("NetworkDriver.FreeNetwork", ids),
      ]);
    }
    if (test.facts.subsystems.has("IpamDriver")) {
      const PoolID = `none-${randomId()}`;
      await engine.client.call("IpamDriver.RequestAddress", { PoolID, Address: "", Options: {} });
      await engine.client.call("IpamDriver.ReleaseAddress", { PoolID, Address: "10.251.0.9" });
      await engine.client.call("IpamDriver.ReleaseAddress", { PoolID, Address: "no address" });
      await engine.client.call("IpamDriver.ReleasePool", { PoolID });
    }
    allAnswered(engine);
    await stillServes(test);
  });

  requirement("CNM-15", "calls made twice and out of order", async (test) => {
    const engine = play(test);
    if (test.facts.subsystems.has("NetworkDriver")) {
      const network = await engine.network();
      const endpoint = await engine.endpoint(network);
      await engine.createNetwork(network);
      await engine.createEndpoint(network, endpoint.id, { Address: endpoint.address });
      await engine.leave(endpoint);
      await engine.join(endpoint);
      await engine.join(endpoint);
      await engine.deleteNetwork(network);
      await engine.deleteEndpoint(endpoint);
      await engine.leave(endpoint);
      await engine.deleteEndpoint(endpoint);
      await engine.deleteNetwork(network);
      await engine.join(endpoint);
    }
    if (test.facts.subsystems.has("IpamDriver")) {
      const pool = await engine.pool();
      const Address = await engine.address(pool.id);
      await engine.client.call("IpamDriver.ReleasePool", { PoolID: pool.id });
      await engine.client.call("IpamDriver.ReleaseAddress", { PoolID: pool.id, Address });
      await engine.client.call("IpamDriver.ReleaseAddress", { PoolID: pool.id, Address });
      await engine.client.call("IpamDriver.ReleasePool", { PoolID: pool.id });
    }
    allAnswered(engine);
    await stillServes(test);
  });

  requirement("CNM-15", "the same calls at the same time", async (test) => {
    const engine = play(test);
    if (test.facts.subsystems.has("NetworkDriver")) {
      const network = await engine.prepareNetwork();
      const endpoint = { network, id: randomId() };
      const Address = await engine.endpointAddress(network);
      const thrice = (call: () => Promise<ReadExchange>) => Promise.all([call(), call(), call()]);
      await thrice(() => engine.createNetwork(network));
      await thrice(() => engine.createEndpoint(network, endpoint.id, { Address }));
      await thrice(() => engine.join(endpoint));
      await thrice(() => engine.leave(endpoint));
      await thrice(() => engine.deleteEndpoint(endpoint));
      await thrice(() => engine.deleteNetwork(network));
    } else {
      const pool = randomPool();
      await Promise.all(Array.from({ length: 5 }, () => engine.requestPool(pool)));
    }
    allAnswered(engine);
    await stillServes(test);
  });

  requirement(
    "CNM-15b",
    "the same network, endpoint and address again after their deletion",
    async (test) => {
      const engine = play(test);
      const network = await engine.prepareNetwork();
      const endpoint = { network, id: randomId() };
      const Address = await engine.endpointAddress(network);
      for (const _turn of ["first", "again"]) {
        granted(await engine.createNetwork(network));
        granted(await engine.createEndpoint(network, endpoint.id, { Address }));
        const joined = granted(await engine.join(endpoint));
        granted(await engine.leave(endpoint));
        granted(await engine.deleteEndpoint(endpoint));
        await interfacesGone(test, [sourceName(joined)].filter(Boolean));
        granted(await engine.deleteNetwork(network));
      }
    },
  );

  requirement("CNM-15b", "another network with the same subnet after the first was deleted", async (test) => {
    const engine = play(test);
    const network = await engine.prepareNetwork();
    for (const id of [network.id, randomId()]) {
      granted(await engine.createNetwork({ ...network, id }));
      granted(await engine.deleteNetwork({ id }));
    }
    holds(engine, "CNM-15b");
  });

  // What an engine does when the answer to a Join is lost: the Join again, without its body, and then no Leave.
  requirement("CNM-15b", "an endpoint deleted after a Join whose answer was lost", async (test) => {
    const engine = play(test);
    const network = await engine.network();
    const endpoint = await engine.endpoint(network);
    const joined = granted(await engine.join(endpoint));
    await engine.client.sendText("NetworkDriver.Join", "");
    allAnswered(engine);
    granted(await engine.deleteEndpoint(endpoint));
    await interfacesGone(test, [sourceName(joined)].filter(Boolean));
    granted(await engine.deleteNetwork(network));
  });

  requirement("CNM-15d", "an endpoint and a network deleted a second time", async (test) => {
    const engine = play(test);
    const network = await engine.network();
    const endpoint = await engine.endpoint(network);
    for (const _turn of ["first", "second"]) granted(await engine.deleteEndpoint(endpoint));
    for (const _turn of ["first", "second"]) granted(await engine.deleteNetwork(network));
  });

  // Shows a plugin that waits for an engine; that none is asked in passing can only be seen on a node, in the engine's log.
  requirement(
    "CNM-16",
    "every call is answered while nothing answers in the engine's place",
    async (test) => {
      const engine = play(test);
      const { client } = engine;
      const node = {
        DiscoveryType: 1,
        DiscoveryData: { Address: "192.0.2.9", BindAddress: "192.0.2.9", Self: false },
      };
      await Promise.all([client.call("NetworkDriver.DiscoverNew", node), serve(engine)]);
      await client.call("NetworkDriver.DiscoverDelete", node);
      const waiting = client.exchanges.find(({ answer }) => answer === null);
      if (!waiting) return;
      throw new Nonconformance({
        who: test.socket.name,
        expected: `${waiting.call} to be answered without asking the engine first`,
        got: waiting.failure ?? "no answer",
        evidence: describeExchange(waiting),
      });
    },
  );

  requirement(
    "CNM-15b",
    "nothing is left of all the interfaces that the calls before this made",
    async (test) => {
      test.fact("interfaces made", test.interfaces.size);
      test.saw(interfaces, test.interfaces.size);
      await interfacesGone(test, test.interfaces);
    },
    { alone: true, sees: [interfaces] },
  );

  requirement(
    "CNM-15b",
    "no interface is left of Joins that fail, which name none",
    async (test) => {
      const host = test.host();
      // Others may make interfaces here meanwhile; what a plugin leaves, it leaves each time.
      let left: string[] = [];
      for (const _turn of ["first", "second", "third"]) {
        const before = await linksOf(host);
        const failed = await failingJoins(test);
        test.saw("Joins that failed", failed);
        left = await linksSince(host, before);
        if (left.length === 0) return;
      }
      throw new Nonconformance({
        who: test.socket.name,
        expected: "no interface to be left of Joins that failed, once endpoint and network are deleted",
        got: `${left.join(", ")} on ${host.name} after 5 s, and the like each of three times`,
      });
    },
    { alone: true, sees: ["Joins that failed"] },
  );
});

/** A network with an endpoint, from beginning to end. */
async function serve(engine: PlayedEngine): Promise<void> {
  const network = await engine.network();
  const endpoint = await engine.endpoint(network);
  await engine.join(endpoint);
  await engine.leave(endpoint);
  await engine.deleteEndpoint(endpoint);
  await engine.deleteNetwork(network);
}

/** What was asked before must not keep the plugin from its work. */
async function stillServes(test: CnmTest): Promise<void> {
  const engine = play(test, "afterwards");
  if (test.facts.subsystems.has("NetworkDriver"))
    granted(await engine.join(await engine.endpoint(await engine.network())));
  else await engine.address((await engine.pool()).id);
}

/** Joins that no plugin can carry out, around one that it can; all of it is deleted. Resolves to how many failed. */
async function failingJoins(test: CnmTest): Promise<number> {
  const engine = play(test);
  const network = await engine.network();
  const endpoint = await engine.endpoint(network);
  const unknown = { network, id: randomId(), address: endpoint.address, created: endpoint.created };
  const results = [await engine.join(unknown)];
  granted(await engine.join(endpoint));
  results.push(await engine.join(endpoint));
  granted(await engine.leave(endpoint));
  granted(await engine.deleteEndpoint(endpoint));
  results.push(await engine.join(endpoint));
  granted(await engine.deleteNetwork(network));
  return results.filter(({ succeeded }) => !succeeded).length;
}

/** Names of the interfaces of a host. */
async function linksOf(host: Host): Promise<Set<string>> {
  const lines = (await host.run(["ip", "-oneline", "link", "show"])).trim().split("\n");
  return new Set(lines.map((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? line));
}

/** Interfaces that came since and do not go within 5 s. */
async function linksSince(host: Host, before: ReadonlySet<string>): Promise<string[]> {
  let since: string[] = [];
  await until({ what: "new interfaces to go", deadlineMs: 5_000 }, async () => {
    since = [...(await linksOf(host))].filter((name) => !before.has(name));
    return since.length === 0;
  }).catch((error: unknown) => {
    if (!(error instanceof DeadlineExceeded)) throw error;
  });
  return since;
}

/** Interfaces may be removed after the answer, but not much later. */
async function interfacesGone(test: CnmTest, names: Iterable<string>): Promise<void> {
  const host = test.host();
  const left = new Set(names);
  await until({ what: `${[...left].join(", ")} to go`, deadlineMs: 5_000 }, async () => {
    for (const name of left) if (!(await interfaceExists(host, name))) left.delete(name);
    return left.size === 0;
  }).catch(() => {});
  if (left.size === 0) return;
  throw new Nonconformance({
    who: test.socket.name,
    expected: "the interfaces of deleted endpoints to be gone",
    got: `${[...left].join(", ")} still on ${host.name} after 5 s`,
  });
}
