import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact, expectPresent, expectThat } from "#harness/conformance/expect.ts";
import { until } from "#harness/core/async/poll.ts";
import { DeadlineExceeded, Nonconformance } from "#harness/core/errors.ts";
import { addressOf, contains } from "#harness/core/ip.ts";
import { type NatRule, readNat } from "#harness/observe/nat.ts";
import { hostPeer } from "#harness/observe/probe/peers.ts";
import { expectOpen, expectRefused } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { listLinks, parseLinks } from "#harness/workload/links.ts";
import { fetchFromExternalHost } from "#harness/workload/reach/fetch.ts";

/** The tutorial's port; nothing of the harness listens there. */
const published = 9099;

chapter("external", ({ requirement, shared }) => {
  const network = shared("a network of the driver", ({ driver, scope }) => driver.createNetwork(scope));

  const container = shared("a container on it", async ({ cluster, scope }) => {
    const node = expectPresent(cluster.nodes[0], { who: "the cluster", expected: "a node", got: "none" });
    return (await network.make()).run(scope, node);
  });

  requirement(
    "X1",
    "the second interface is on docker_gwbridge and has the default route",
    async ({ use }) => {
      const workload = await use(container);
      const links = (await workload.links()).filter((link) => link.name !== "lo");
      const gwbridge = parseLinks(await workload.node.run(listLinks)).find(
        (link) => link.name === "docker_gwbridge",
      );
      const subnet = expectPresent(
        gwbridge?.addresses.find((cidr) => !cidr.includes(":")),
        { who: workload.node.name, expected: "a bridge docker_gwbridge with a subnet", got: "none" },
      );
      const egress = expectPresent(
        links.find((link) => link.addresses.some((cidr) => contains(subnet, addressOf(cidr)))),
        {
          who: workload.name,
          expected: `an interface with an address in docker_gwbridge's ${subnet}`,
          got: links.map((link) => `${link.name} ${link.addresses.join(" ")}`).join("; "),
        },
      );
      expectThat(
        links.some((link) => link.mac === workload.mac && link.name !== egress.name),
        {
          who: workload.name,
          expected: "another interface into its own network",
          got: links.map((link) => link.name).join(", "),
        },
      );
      const route = await workload.inNetns(["ip", "route", "show", "default"]);
      expectThat(new RegExp(` dev ${egress.name}\\b`).test(route.stdout), {
        who: workload.name,
        expected: `its default route through ${egress.name}`,
        got: route.stdout.trim() || "no default route",
      });
    },
  );

  requirement(
    "X2",
    "an outside name resolves and is reached from the node's address",
    async ({ cluster, use }) => {
      await fetchFromExternalHost(cluster, await use(container), { byName: true });
    },
  );

  requirement(
    "X3",
    "refused before it is published, answered by the container afterwards",
    async ({ cluster, use, scope, keep, fact }) => {
      const net = await use(network);
      const [node, other] = cluster.nodes;
      if (!node) throw new Error("a cluster has at least one node");
      const external = hostPeer(scope, cluster.external);
      const clients = [external, ...(other ? [hostPeer(scope, other, "control")] : [])];
      const addresses = [node.interfaces.management.address, node.interfaces.control.address];
      const asked = (index: number) => ({
        name: `${node.name} port ${published}`,
        protocol: "tcp" as const,
        address: addresses[index] ?? "",
        port: published,
        identity: undefined,
      });
      await Promise.all(clients.map((client, index) => expectRefused(client, asked(index))));

      const exposed = await net.run(scope, node, { publish: [{ port: published, hostPort: published }] });
      await using server = await serve(exposed, {
        ports: [published],
        identity: `served-by-${exposed.name}`,
      });
      if (exposed.ofEngine)
        keep({ name: "published.txt", content: await node.run(["docker", "port", exposed.name]) });
      await Promise.all(
        clients.map((client, index) =>
          expectOpen(client, server.at(published, { address: addresses[index] ?? "" })),
        ),
      );
      const here = hostPeer(scope, node);
      await expectOpen(here, server.at(published, { address: here.ip }));

      // The port answers with the container's identity only while the container's server is there:
      // what accepts connections afterwards is a proxy, and a proxy alone must not pass for the container.
      await server.listener.close();
      const after = await (await external.agent()).connect({ ...asked(0), timeoutMs: 1_000 });
      expectThat(after.state !== "open", {
        who: `${node.name}:${published} after the container's server stopped`,
        expected: "no answer from the container",
        got: "an answer",
      });
      fact("a published port whose server stopped", after.state);
      // Here a proxy shows: it accepts although no server is behind it.
      const loopback = { ...asked(0), address: "127.0.0.1", timeoutMs: 1_000 };
      const proxied = await (await here.agent()).connect(loopback);
      fact("the same on the node's 127.0.0.1", proxied.state);
    },
    { alone: true },
  );

  requirement(
    "X4",
    "the DNAT rule points at the container and goes with it",
    async ({ cluster, use, scope, fact }) => {
      const net = await use(network);
      const [node] = cluster.nodes;
      if (!node) throw new Error("a cluster has at least one node");
      const rules = async () => {
        const nat = await readNat(node);
        return nat.filter((rule) => rule.kind === "dnat" && rule.port === published);
      };
      expectFact(`${node.name} before`, `DNAT rules for ${published}`, (await rules()).length, 0);
      const own = scope.child("the published container");
      const exposed = await net.run(own, node, { publish: [{ port: published, hostPort: published }] });
      const addresses = (await exposed.links()).flatMap((link) => link.addresses.map(addressOf));
      const found = await rules();
      expectThat(
        found.length > 0 && found.every((rule) => addresses.includes(rule.to?.split(":")[0] ?? "")),
        {
          who: node.name,
          expected: `DNAT rules for ${published} to one of ${exposed.name}'s addresses (${addresses.join(", ")})`,
          got: found.map((rule) => rule.text).join("; ") || "none",
        },
      );
      expectFact(node.name, "the port it translates to", found[0]?.to?.split(":")[1], String(published));
      fact("DNAT rule", `${found[0]?.backend}`);
      fact("form of the DNAT rule", found[0]?.text ?? "");
      await own.close();
      let left: readonly NatRule[] = [];
      await until({ what: "the rule to go with its container", deadlineMs: 10_000 }, async () => {
        left = await rules();
        return left.length === 0;
      }).catch((error: unknown) => {
        if (!(error instanceof DeadlineExceeded)) throw error;
        throw new Nonconformance({
          who: `${node.name} after the container was removed`,
          expected: `no DNAT rule for ${published}`,
          got: left.map((rule) => rule.text).join("; "),
        });
      });
    },
    { alone: true },
  );
});
