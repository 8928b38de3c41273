import { granted, textField } from "#harness/cnm/client/answers.ts";
import { PluginClient } from "#harness/cnm/client/client.ts";
import { randomPool } from "#harness/cnm/client/random.ts";
import { describeExchange } from "#harness/cnm/protocol/exchange.ts";
import { expectInTurn } from "#harness/conformance/refusal.ts";
import { Nonconformance, Unsupported } from "#harness/core/errors.ts";
import { bareAddress, isCidr, networkOf, prefixOf } from "#harness/core/ip.ts";
import { cnmSuite, holds, learnFacts, play } from "./fixture.ts";

cnmSuite(({ requirement }) => {
  requirement("CNM-18", "one pool requested twice lives until its second release", async (test) => {
    const engine = play(test);
    const cidr = randomPool();
    const first = await engine.pool(cidr);
    const second = await engine.pool(cidr);
    holds(engine, "CNM-18");
    granted(await engine.client.call("IpamDriver.ReleasePool", { PoolID: second.id }));
    const Address = await engine.address(first.id);
    granted(await engine.client.call("IpamDriver.ReleaseAddress", { PoolID: first.id, Address }));
    granted(await engine.client.call("IpamDriver.ReleasePool", { PoolID: first.id }));
    const after = await engine.requestAddress(first.id);
    if (after.succeeded) {
      throw new Nonconformance({
        who: test.socket.name,
        expected: "no address of a pool that was released as often as it was requested",
        got: textField(after, "Address") ?? "success",
        evidence: describeExchange(after.exchange),
      });
    }
  });

  requirement("CNM-19", "a part of no pool is refused", async (test) => {
    const engine = play(test);
    await engine.pool(randomPool());
    const result = await engine.requestPool("", { SubPool: randomPool() });
    holds(engine, "CNM-19");
    if (!result.message) {
      throw new Nonconformance({
        who: test.socket.name,
        expected: "a refusal with a message",
        got: result.exchange.failure ?? "no message",
        evidence: describeExchange(result.exchange),
      });
    }
  });

  requirement("CNM-20", "pools of the plugin's choice are of the family that was asked for", async (test) => {
    const engine = play(test);
    const results = [await engine.requestPool("", { V6: false }), await engine.requestPool("", { V6: true })];
    holds(engine, "CNM-20");
    for (const [index, result] of results.entries()) {
      if (result.succeeded) continue;
      const refusal = `the plugin chooses no IPv${index === 0 ? 4 : 6} pool: "${result.message}"`;
      if (result.message) throw new Unsupported(refusal);
      granted(result);
    }
  });

  requirement("CNM-20b", "pools of a length that the user chose", async (test) => {
    const engine = play(test);
    const pools = [
      { Pool: "0.0.0.0/26", V6: false },
      { Pool: "::/72", V6: true },
    ];
    await expectInTurn(pools, async ({ Pool, V6 }) => {
      const result = await engine.requestPool(Pool, { V6 });
      const got = textField(result, "Pool");
      if (result.message) test.note(`the plugin refuses ${Pool}: "${result.message}"`);
      const chosen = isCidr(got) && prefixOf(got) === prefixOf(Pool) && networkOf(got) !== Pool;
      if (chosen || result.message) return;
      throw new Nonconformance({
        who: test.socket.name,
        expected: `a pool of the plugin's choice with the prefix length of ${Pool}, or a refusal with a message`,
        got: got ?? result.exchange.failure ?? "no pool",
        evidence: describeExchange(result.exchange),
      });
    });
  });

  requirement("CNM-26", "automatic pools do not overlap, one after the other and at once", async (test) => {
    const engine = play(test);
    const first = await engine.requestPool("");
    if (!first.succeeded && first.message)
      throw new Unsupported(`the plugin chooses no pool: "${first.message}"`);
    granted(first);
    granted(await engine.requestPool(""));
    for (const result of await Promise.all([1, 2, 3, 4].map(() => engine.requestPool("")))) granted(result);
    holds(engine, "CNM-26");
    const automatic = textField(first, "Pool");
    test.fact("first automatic pool", isCidr(automatic) ? prefixOf(automatic) : "unreadable");
  });

  // The engine's restart as a plugin sees it: new connections, and the handshake again. A real one, and the plugin's own
  // restart, are left to the chapters.
  requirement(
    "CNM-25",
    "what was given out before the engine restarted is not given out after it",
    async (test) => {
      const engine = play(test);
      const pool = await engine.pool();
      const held = new Set([await engine.address(pool.id), await engine.address(pool.id)]);
      await learnFacts(new PluginClient(test.socket, "restarted engine", { engine: test.engine }));
      if (test.facts.requiresReplay) {
        const again = await engine.pool(pool.cidr);
        if (again.id !== pool.id) {
          throw new Nonconformance({
            who: test.socket.name,
            expected: `the replayed pool to have the PoolID ${pool.id}`,
            got: again.id,
            evidence: describeExchange(again.result.exchange),
          });
        }
        for (const address of held) await engine.requestAddress(pool.id, address);
      }
      const next = granted(await engine.requestAddress(pool.id));
      const address = bareAddress(textField(next, "Address") ?? "");
      if (!held.has(address)) return;
      throw new Nonconformance({
        who: test.socket.name,
        expected: `an address other than ${[...held].join(" and ")}, which endpoints still have`,
        got: address,
        evidence: describeExchange(next.exchange),
      });
    },
    { alone: true },
  );
});
