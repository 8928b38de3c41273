import { chapter } from "#harness/conformance/chapter.ts";
import { expectThat } from "#harness/conformance/expect.ts";
import { heldOver, ipv6FilteredSince } from "#harness/conformance/ip-versions/each.ts";
import { addressHosts } from "#harness/conformance/ip-versions/hosts.ts";
import { createStacked } from "#harness/conformance/ip-versions/stacked.ts";
import { judgeAsPromised } from "#harness/conformance/suite/promised-since.ts";
import { expectFlow, Flow, type FlowEnds } from "#harness/observe/probe/flow.ts";
import { describeTarget, serve } from "#harness/observe/probe/service.ts";
import { startAgain } from "#harness/workload/docker/restart.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { nodeOf, port } from "./fixture.ts";

/** What the node publishes for the container that restarts, and for one that does not. */
const interruptedPort = 9116;
const otherPort = 9117;
/** Of the client, for IPv4; below those that its kernel gives away. A socket of IPv6 takes the port of IPv4 too: it has another. */
const fromPort = 20_116;

chapter("datapath", ({ requirement }) => {
  requirement(
    "X7",
    "two flows from the external host over each IP version, while the container of one of them restarts",
    async (test) => {
      const { scope, cluster, declaration, varyingFact } = test;
      const node = nodeOf(cluster);
      const { network, versions } = await createStacked(scope, test);
      const everywhere = await addressHosts(scope, cluster, versions);
      const run = (own: typeof scope, hostPort: number) =>
        network.run(own, node, { publish: [{ port, protocol: "udp", hostPort }] });
      const flowsTo = async (workload: Workload, hostPort: number, fromPort: number) => {
        const server = await serve(workload, { ports: [port], protocol: "udp" });
        return held.map((version): FlowEnds => {
          const { external: from, node: here } = everywhere.over(version);
          return {
            from,
            fromPort: version === 4 ? fromPort : fromPort + 1,
            target: server.at(port, { address: here.ip, port: hostPort }),
          };
        });
      };

      const life = scope.child("a container that restarts");
      const [restarting, other] = await Promise.all([run(life, interruptedPort), run(scope, otherPort)]);
      const restart = async () => {
        // A runtime of CNI begins anew, an engine keeps the container.
        if (declaration.capabilities.includes("cni")) {
          await life.close();
          return run(scope, interruptedPort);
        }
        await node.docker.getContainer(restarting.id).kill();
        return startAgain(scope, network, restarting);
      };

      const held = heldOver(test, versions, { since: ipv6FilteredSince });
      await judgeAsPromised(test, async () => {
        const interrupted = await flowsTo(restarting, interruptedPort, fromPort);
        const beside = await flowsTo(other, otherPort, fromPort + 2);
        await Promise.all([...interrupted, ...beside].map(expectFlow));
        const [goingOn, untouched] = await Promise.all([
          // Often, since what arrives in between is what makes a wrong entry.
          Promise.all(interrupted.map((ends) => Flow.start(ends, 300))),
          Promise.all(beside.map((ends) => Flow.start(ends, 5_000))),
        ]);
        const reached = await flowsTo(await restart(), interruptedPort, fromPort);
        const missed = await Promise.all(goingOn.map((flow) => flow.stop()));
        await Promise.all(reached.map(expectFlow));
        const records = await Promise.all(untouched.map((flow) => flow.stop()));
        varyingFact("attempts without an answer", sum(missed.map(({ failed }) => failed.length)));
        varyingFact("attempts of the other flow", sum(records.map(({ attempts }) => attempts)));
        for (const [index, { attempts, failed }] of records.entries()) {
          const { from, target } = beside[index]!;
          expectThat(failed.length === 0, {
            who: `the flow from ${from.name} to ${describeTarget(target)}, while ${restarting.name} restarted`,
            expected: `${attempts} answers`,
            got: `${attempts - failed.length}, and ${[...new Set(failed)].join("; ")}`,
          });
        }
      });
    },
  );
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
