import { granted, textField } from "#harness/cnm/client/answers.ts";
import type { PlayedEngine } from "#harness/cnm/client/engine.ts";
import { randomMac, randomPool } from "#harness/cnm/client/random.ts";
import { describeExchange, type ReadExchange } from "#harness/cnm/protocol/exchange.ts";
import {
  endpointNameKey,
  gatewayAddressType,
  macAddressKey,
  requestAddressTypeKey,
} from "#harness/cnm/protocol/protocol.ts";
import { expectEach } from "#harness/conformance/refusal.ts";
import { Nonconformance } from "#harness/core/errors.ts";
import {
  addressOf,
  bareAddress,
  contains,
  isCidr,
  nthAddress,
  nthSubnet,
  prefixOf,
} from "#harness/core/ip.ts";
import { cnmSuite, holds, play } from "./fixture.ts";

const gatewayOptions = { [requestAddressTypeKey]: gatewayAddressType };
/** Usable addresses of a /29 at most: eight less network and broadcast address. */
const smallPoolSize = 8;

cnmSuite(({ requirement }) => {
  requirement("CNM-21", "an address has its pool's prefix length", async (test) => {
    const engine = play(test);
    const pool = await engine.pool();
    const result = granted(await engine.requestAddress(pool.id));
    holds(engine, "CNM-21");
    const address = textField(result, "Address");
    const readable = isCidr(address) && isCidr(pool.cidr);
    const valid = readable && prefixOf(address) === prefixOf(pool.cidr);
    if (valid && contains(pool.cidr, addressOf(address))) return;
    throw wrong(result, `an address of ${pool.cidr} with its prefix length`);
  });

  requirement("CNM-22", "a preferred address that is free, taken, and of another subnet", async (test) => {
    const engine = play(test);
    const pool = await engine.pool();
    const wanted = nthAddress(pool.cidr, 77);
    granted(await engine.requestAddress(pool.id, wanted));
    const taken = await engine.requestAddress(pool.id, wanted);
    const foreign = await engine.requestAddress(pool.id, "192.0.2.77");
    holds(engine, "CNM-22");
    await expectEach([taken, foreign], async (result) => {
      if (result.succeeded || !result.message) throw wrong(result, "a refusal with a message");
    });
  });

  requirement("CNM-23", "an address requested, released and requested again", async (test) => {
    const engine = play(test);
    const pool = await engine.pool();
    const Address = nthAddress(pool.cidr, 78);
    for (const _turn of ["first", "again"]) {
      granted(await engine.requestAddress(pool.id, Address));
      granted(await engine.client.call("IpamDriver.ReleaseAddress", { PoolID: pool.id, Address }));
    }
  });

  requirement(
    "CNM-23",
    "any address of a /29, released at once, more often than it has them",
    async (test) => {
      const engine = play(test);
      const pool = await engine.pool(nthSubnet(randomPool(), 29, 0));
      for (let count = 0; count < 2 * smallPoolSize; count++) {
        const result = await engine.requestAddress(pool.id);
        if (!result.succeeded) {
          throw wrong(result, `an address of ${pool.cidr}, of which ${count} were given and released`);
        }
        granted(await release(engine, pool.id, result));
      }
    },
  );

  requirement(
    "CNM-23b",
    "a network's gateway and auxiliary address after the network is gone",
    async (test) => {
      const engine = play(test);
      const cidr = randomPool();
      const [gateway, auxiliary] = [nthAddress(cidr, 1), nthAddress(cidr, 2)];
      for (const _turn of ["first", "again"]) {
        const pool = await engine.pool(cidr);
        granted(await engine.requestAddress(pool.id, gateway, gatewayOptions));
        granted(await engine.requestAddress(pool.id, auxiliary, null));
        for (const Address of [gateway, auxiliary]) {
          granted(await engine.client.call("IpamDriver.ReleaseAddress", { PoolID: pool.id, Address }));
        }
        granted(await engine.client.call("IpamDriver.ReleasePool", { PoolID: pool.id }));
      }
    },
  );

  requirement(
    "CNM-24",
    "a MAC is needed only by a plugin that says so, and never for a gateway",
    async (test) => {
      const engine = play(test);
      const pool = await engine.pool();
      granted(await engine.requestAddress(pool.id, "", gatewayOptions));
      const options = test.facts.requiresMac ? { [macAddressKey]: randomMac() } : null;
      granted(await engine.requestAddress(pool.id, "", options));
    },
  );

  requirement("CNM-24b", "an address for an endpoint with a name", async (test) => {
    const engine = play(test);
    const pool = await engine.pool();
    granted(
      await engine.requestAddress(pool.id, "", { ...engine.addressOptions(), [endpointNameKey]: "web" }),
    );
    const unknown = { ...engine.addressOptions(), "com.example.netconform": "anything" };
    granted(await engine.requestAddress(pool.id, "", unknown));
  });

  requirement("CNM-24c", "addresses of a pool without a gateway", async (test) => {
    const engine = play(test);
    const pool = await engine.pool();
    granted(await engine.requestAddress(pool.id));
    granted(await engine.requestAddress(pool.id, nthAddress(pool.cidr, 79)));
    holds(engine, "CNM-24c");
  });

  requirement("CNM-23c", "the engine's order of deletion: gateway, pool, network", async (test) => {
    const engine = play(test);
    const cidr = randomPool();
    for (const _turn of ["first", "again"]) {
      const network = await engine.prepareNetwork(cidr);
      if (test.facts.subsystems.has("NetworkDriver")) granted(await engine.createNetwork(network));
      const PoolID = network.poolId ?? "";
      const { client } = engine;
      granted(await client.call("IpamDriver.ReleaseAddress", { PoolID, Address: network.gateway }));
      granted(await client.call("IpamDriver.ReleasePool", { PoolID }));
      if (test.facts.subsystems.has("NetworkDriver")) granted(await engine.deleteNetwork(network));
    }
  });

  requirement("CNM-27", "twenty addresses one after the other", async (test) => {
    const engine = play(test);
    const pool = await engine.pool();
    for (let count = 0; count < 20; count++) granted(await engine.requestAddress(pool.id));
    holds(engine, "CNM-27");
  });

  requirement("CNM-27", "forty addresses at once, released and requested at the same time", async (test) => {
    const engine = play(test);
    const pool = await engine.pool();
    const results = await Promise.all(Array.from({ length: 40 }, () => engine.requestAddress(pool.id)));
    await Promise.all(
      results
        .slice(0, 20)
        .flatMap((result) => [release(engine, pool.id, result), engine.requestAddress(pool.id)]),
    );
    for (const result of results) granted(result);
    holds(engine, "CNM-27");
  });

  requirement("CNM-27b", "the address after the last one", async (test) => {
    const engine = play(test);
    const pool = await engine.pool(nthSubnet(randomPool(), 29, 0));
    const results: ReadExchange[] = [];
    for (let count = 0; count <= smallPoolSize && results.every(({ succeeded }) => succeeded); count++) {
      results.push(await engine.requestAddress(pool.id));
    }
    const last = results.at(-1)!;
    granted(results[0]!);
    if (last.succeeded || !last.message)
      throw wrong(last, `a refusal with a message when ${pool.cidr} is used up`);
    test.fact("addresses of a /29", results.length - 1);
  });
});

function release({ client }: PlayedEngine, PoolID: string, granted: ReadExchange): Promise<ReadExchange> {
  return client.call("IpamDriver.ReleaseAddress", {
    PoolID,
    Address: bareAddress(textField(granted, "Address") ?? ""),
  });
}

function wrong(result: ReadExchange, expected: string): Nonconformance {
  return new Nonconformance({
    who: result.exchange.plugin,
    expected,
    got: result.exchange.failure ?? result.exchange.answer?.trim() ?? "nothing",
    evidence: describeExchange(result.exchange),
  });
}
