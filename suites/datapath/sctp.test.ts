import { chapter } from "#harness/conformance/chapter.ts";
import { hostPeer } from "#harness/observe/probe/peers.ts";
import { expectOpen, expectRefused } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { nodeOf, port, portOf, waysTo } from "./fixture.ts";

const protocol = "sctp";
/** As what the node publishes `port`. */
const otherPort = 9132;
/** Of the container, and of the node but for the one that is chosen. */
const samePort = 9133;
const boundPort = 9134;
const chosenPort = 9135;

chapter("datapath", ({ requirement }) => {
  requirement(
    "X5c",
    "as another port, as the same, as one that the engine chooses, and at one address alone",
    async (test) => {
      const { cluster, scope, driver, declaration } = test;
      const node = nodeOf(cluster);
      const { management, control } = node.interfaces;
      // A runtime of CNI is told each port.
      const chooses = !declaration.capabilities.includes("cni");
      const workload = await (await driver.createNetwork(scope)).run(scope, node, {
        publish: [
          { port, protocol, hostPort: otherPort },
          { port: samePort, protocol, hostPort: samePort },
          { port: boundPort, protocol, hostPort: boundPort, address: control.address },
          ...(chooses ? [{ port: chosenPort, protocol } as const] : []),
        ],
      });
      await using served = await serve(workload, {
        ports: [port, samePort, boundPort, chosenPort],
        protocol,
      });
      await Promise.all(
        waysTo(node, test).flatMap(([client, address]) => [
          expectOpen(client, served.at(port, { address, port: otherPort })),
          expectOpen(client, served.at(samePort, { address })),
        ]),
      );

      const { address } = management;
      const outside = hostPeer(scope, cluster.external);
      if (chooses) {
        const chosen = await portOf(workload, chosenPort, { protocol });
        await expectOpen(outside, served.at(chosenPort, { address, port: chosen }));
      }

      const here = hostPeer(scope, node);
      const bound = served.at(boundPort, { address: control.address });
      await expectOpen(here, bound);
      await expectRefused(outside, served.at(boundPort, { address }));
      await expectOpen(here, bound);
    },
  );
});
