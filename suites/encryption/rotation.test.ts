import { chapter } from "#harness/conformance/chapter.ts";
import { expectThat } from "#harness/conformance/expect.ts";
import { runPair } from "#harness/conformance/pair.ts";
import { until } from "#harness/core/async/poll.ts";
import { type Nonconformance, Unsupported } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import { Flow } from "#harness/observe/probe/flow.ts";
import { Conversation } from "#harness/observe/probe/held/conversation.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { sendingKeys } from "./fixture.ts";

/** Nodes keep three keys: after as many rotations none is left of those that were there when the connections began. */
const rotations = 3;
/** Engines tell a restarted one of their endpoints again twice a minute. */
const settledMs = 60_000;
/** Within which every node sends with other keys. */
const rotationMs = 60_000;
const port = 8084;
const flowPort = 8085;
/** Of the client; below those that its kernel gives away. */
const fromPort = 20_118;
/** For one attempt of the flow, in which a datagram is sent up to three times. */
const attemptMs = 5_000;

chapter("encryption", ({ requirement }) => {
  requirement(
    "E5",
    "a TCP connection and a UDP flow go on until none of the first keys is left",
    async (test) => {
      const { driver, scope, declaration, cluster } = test;
      if (!driver.rotateKeys) throw new Unsupported(`${declaration.name} has no rotateKeys`);
      await driver.rotateKeys(scope);
      const { a, b } = await runPair(scope, test, { encrypted: true });
      const deadlineMs = settledMs;
      await Promise.all([expectPing(a, b, { deadlineMs }), expectPing(b, a, { deadlineMs })]);
      await using server = await serve(b, { ports: [flowPort], protocol: "udp" });
      await using connection = await Conversation.start({ from: a, to: b, port });
      const ends = { from: a, fromPort, target: server.at(flowPort) };
      const flow = await Flow.start(ends, attemptMs, rotations * rotationMs + 60_000);

      const underlay = test.driver.underlay ?? "control";
      const [from = "", to = ""] = cluster.nodes.map(({ interfaces }) => interfaces[underlay].address);
      const ways = [
        { node: a.node, from, to },
        { node: b.node, from: to, to: from },
      ];
      const lost = await rotateWhile(connection, ways);
      const { attempts, failed } = await flow.stop();
      if (lost) throw lost;
      test.varyingFact("attempts of the flow", attempts);
      expectThat(failed.length === 0, {
        who: `the flow from ${a.name} to ${b.name}, in ${rotations} rotations of the keys`,
        expected: `${attempts} answers`,
        got: `${attempts - failed.length}, and ${[...new Set(failed)].join("; ")}`,
      });
      await Promise.all([expectPing(a, b), expectPing(b, a)]);
    },
    { alone: true, breaks: true, deadlineMs: 420_000 },
  );
});

interface Way {
  readonly node: Host;
  readonly from: string;
  readonly to: string;
}

/** Has lines come back over a connection until every way has had so many other keys. Yields what is wrong with the connection, if anything is. */
async function rotateWhile(
  connection: Conversation,
  ways: readonly Way[],
): Promise<Nonconformance | undefined> {
  const used = await Promise.all(ways.map(async (way) => new Set(await sendingKeys(way.node, way))));
  for (let rotation = 1; rotation <= rotations; rotation++) {
    const what = `both nodes to send with other keys, ${rotation} of ${rotations}`;
    const changed = ways.map(() => false);
    const lost = await until({ what, deadlineMs: rotationMs, everyMs: 200 }, async () => {
      const lost = await connection.exchange(`in rotation ${rotation} of the keys`);
      if (lost) return lost;
      for (const [index, way] of ways.entries()) {
        const before = used[index];
        const fresh = (await sendingKeys(way.node, way)).filter((spi) => !before?.has(spi));
        for (const spi of fresh) before?.add(spi);
        changed[index] ||= fresh.length > 0;
      }
      return changed.every(Boolean) && "changed";
    });
    if (lost !== "changed") return lost;
  }
  return connection.exchange(`after ${rotations} rotations of the keys`);
}
