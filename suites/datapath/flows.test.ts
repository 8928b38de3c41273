import { chapter } from "#harness/conformance/chapter.ts";
import { expectThat } from "#harness/conformance/expect.ts";
import { promisedSince } from "#harness/conformance/suite/promised-since.ts";
import { expectFlow, Flow } from "#harness/observe/probe/flow.ts";
import { hostPeer } from "#harness/observe/probe/peers.ts";
import { describeTarget, serve } from "#harness/observe/probe/service.ts";
import { startAgain } from "#harness/workload/docker/restart.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { nodeOf, port } from "./fixture.ts";

/** What the node publishes for the container that restarts, and for one that does not. */
const interruptedPort = 9116;
const otherPort = 9117;
/** Of the client; below those that its kernel gives away. */
const fromPort = 20_116;

chapter("datapath", ({ requirement }) => {
  requirement(
    "X7",
    "two flows from the external host, while the container of one of them restarts",
    async (test) => {
      const { scope, cluster, driver, declaration, fact } = test;
      const node = nodeOf(cluster);
      const network = await driver.createNetwork(scope);
      const from = hostPeer(scope, cluster.external);
      const { address } = node.interfaces.management;
      const run = (own: typeof scope, hostPort: number) =>
        network.run(own, node, { publish: [{ port, protocol: "udp", hostPort }] });
      const target = async (workload: Workload, hostPort: number) =>
        (await serve(workload, { ports: [port], protocol: "udp" })).at(port, { address, port: hostPort });

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

      await promisedSince("23.0", test, async () => {
        const interrupted = { from, fromPort, target: await target(restarting, interruptedPort) };
        const beside = { from, fromPort: fromPort + 1, target: await target(other, otherPort) };
        await Promise.all([expectFlow(interrupted), expectFlow(beside)]);
        const [goingOn, untouched] = await Promise.all([
          // Often, since what arrives in between is what makes a wrong entry.
          Flow.start(interrupted, 300),
          Flow.start(beside, 5_000),
        ]);
        const again = await restart();
        const reached = { ...interrupted, target: await target(again, interruptedPort) };
        const missed = await goingOn.stop();
        await expectFlow(reached);
        const { attempts, failed } = await untouched.stop();
        fact("attempts without an answer", missed.failed.length);
        fact("attempts of the other flow", attempts);
        expectThat(failed.length === 0, {
          who: `the flow from ${from.name} to ${describeTarget(beside.target)}, while ${restarting.name} restarted`,
          expected: `${attempts} answers`,
          got: `${attempts - failed.length}, and ${[...new Set(failed)].join("; ")}`,
        });
      });
    },
  );
});
