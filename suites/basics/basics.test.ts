import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { flagsWithout, isOfVersion } from "#harness/cluster/engines/target-engine.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact, expectPresent, expectThat } from "#harness/conformance/expect.ts";
import { ConnectionLost, messageOf, Nonconformance } from "#harness/core/errors.ts";
import { contains } from "#harness/core/ip.ts";
import { readNat } from "#harness/observe/nat.ts";
import { inspectNetwork, runContainer } from "#harness/workload/docker/network.ts";
import { listLinks, parseLinks } from "#harness/workload/links.ts";
import type { NetworkView } from "#harness/workload/network.ts";
import { fetchFromExternalHost } from "#harness/workload/reach/fetch.ts";
import type { Workload } from "#harness/workload/workload.ts";

chapter("basics", ({ requirement, shared }) => {
  const vanilla = shared("a container run without any network option", ({ cluster, scope }) => {
    const node = expectPresent(cluster.nodes[0], { who: "the cluster", expected: "a node", got: "none" });
    return runContainer(scope, node, { image: cluster.image, network: "bridge" });
  });

  const attached = shared("a container on a network of the driver", async ({ cluster, driver, scope }) => {
    const node = expectPresent(cluster.nodes[0], { who: "the cluster", expected: "a node", got: "none" });
    const network = await driver.createNetwork(scope);
    return { network, workload: await network.run(scope, node) };
  });

  requirement("S1", "every engine answers and is on record", async ({ cluster, versions, fact }) => {
    for (const node of cluster.nodes) {
      const [info, version] = await answerOf(node);
      expectThat(isOfVersion(version.Version, node.engine), {
        who: `${node.name}'s engine`,
        expected: `Docker ${node.engine}`,
        got: version.Version,
      });
      if (node.flags.length > 0) {
        const commandLine = await node.run(["sh", "-c", 'cat "/proc/$(pidof -s dockerd)/cmdline"']);
        expectThat(flagsWithout(commandLine, node.flags).length === 0, {
          who: `${node.name}'s engine`,
          expected: `to run with ${node.flags.map((flag) => `--${flag}`).join(" ")}`,
          got: commandLine.replaceAll("\0", " ").trim(),
        });
      }
      for (const key of ["Driver", "KernelVersion", "CgroupDriver"] as const) {
        expectThat(Boolean(info[key]), {
          who: node.name,
          expected: `docker info to name ${key}`,
          got: "nothing",
        });
      }
      fact(`${node.name} engine`, version.Version);
      fact(`${node.name} storage driver`, info.Driver);
      fact(`${node.name} image store`, imageStoreOf(info));
      fact(`${node.name} kernel`, info.KernelVersion);
      fact(`${node.name} firewall`, info.FirewallBackend?.Driver ?? "iptables");
      const firewall = await node.exec(["iptables", "--version"]);
      fact(`${node.name} iptables`, firewall.code === 0 ? firewall.stdout.trim() : "none");
    }
    for (const [part, version] of Object.entries(versions)) fact(part, version);
  });

  requirement("S3", "interfaces have their roles", async ({ cluster, fact }) => {
    for (const node of cluster.nodes) {
      const links = parseLinks(await node.run(listLinks));
      for (const [role, { device, address, prefix }] of Object.entries(node.interfaces)) {
        const link = expectPresent(
          links.find((candidate) => candidate.name === device),
          {
            who: node.name,
            expected: `an interface ${device} for ${role}`,
            got: links.map((l) => l.name).join(", "),
          },
        );
        expectFact(`${node.name} ${device}`, "up", link.up, true);
        expectThat(link.addresses.includes(`${address}/${prefix}`), {
          who: `${node.name} ${device} (${role})`,
          expected: `address ${address}/${prefix}`,
          got: link.addresses.join(", "),
        });
      }
      const docker0 = links.find((link) => link.name === "docker0");
      const subnet = expectPresent(
        docker0?.addresses.find((cidr) => !cidr.includes(":")),
        {
          who: `${node.name} docker0`,
          expected: "an IPv4 subnet of its own",
          got: docker0 ? "no address" : "no docker0",
        },
      );
      for (const { device, address } of Object.values(node.interfaces)) {
        expectFact(
          `${node.name} docker0 (${subnet})`,
          `clear of ${device} (${address})`,
          contains(subnet, address),
          false,
        );
      }
      fact(`${node.name} docker0`, subnet);
      await Promise.all(
        cluster.nodes
          .filter((peer) => peer !== node)
          .map(async (peer) => {
            const address = peer.interfaces.control.address;
            const ping = await node.exec([
              "ping",
              "-c",
              "1",
              "-W",
              "5",
              "-I",
              node.interfaces.control.device,
              address,
            ]);
            expectFact(`${node.name} → ${peer.name} over eth1`, `ping ${address}`, ping.code, 0, ping.stdout);
          }),
      );
    }
  });

  requirement("B1", "the engine starts with bridge, host and none", async ({ cluster }) => {
    for (const node of cluster.nodes) {
      const networks = await node.docker.listNetworks();
      const drivers = Object.fromEntries(
        networks.map(({ Name, Driver, Scope }) => [Name, `${Driver} ${Scope}`]),
      );
      const { bridge, host, none } = drivers;
      expectFact(
        `docker network ls on ${node.name}`,
        "the networks every engine has",
        { bridge, host, none },
        {
          bridge: "bridge local",
          host: "host local",
          none: "null local",
        },
      );
    }
  });

  requirement("B2", "engine and interface agree on a plain container's address", async ({ use }) => {
    const container = await use(vanilla);
    const docker0 = parseLinks(await container.node.run(listLinks)).find((link) => link.name === "docker0");
    expectThat(docker0?.addresses.some((cidr) => contains(cidr, container.ip)) ?? false, {
      who: container.name,
      expected: `an address inside docker0's subnet (${docker0?.addresses.join(", ")})`,
      got: container.ip,
    });
    await expectAgreement(container, await inspectNetwork(container.node, "bridge"));
  });

  requirement(
    "B2",
    "engine and interface agree on the address of a container on the driver's network",
    async ({ use }) => {
      const { network, workload } = await use(attached);
      expectThat(contains(network.subnet, workload.ip), {
        who: workload.name,
        expected: `an address inside ${network.subnet}`,
        got: workload.ip,
      });
      await expectAgreement(workload, await network.inspect(workload.node));
    },
  );

  requirement("B3", "eth0 and a port of docker0 are the two ends of one veth pair", async ({ use, fact }) => {
    const container = await use(vanilla);
    const inside = expectPresent(
      (await container.links()).find((link) => link.name === "eth0"),
      { who: container.name, expected: "an interface eth0", got: "none" },
    );
    expectFact(`${container.name} eth0`, "its kind", inside.kind, "veth");
    const hostLinks = parseLinks(await container.node.run(listLinks));
    const external = expectPresent(
      hostLinks.find((link) => link.index === inside.peerIndex),
      { who: `${container.node.name}`, expected: `an interface with index ${inside.peerIndex}`, got: "none" },
    );
    expectFact(
      `${container.node.name} ${external.name}`,
      "the other end, a port of docker0",
      { kind: external.kind, peer: external.peerIndex, master: external.master },
      { kind: "veth", peer: inside.index, master: "docker0" },
    );
    fact("MTU", inside.mtu);
    fact("host end", external.name.replace(/[0-9a-f]{7}$/, "…"));
  });

  requirement("B4", "a plain container's traffic is masqueraded", async ({ cluster, use, fact }) => {
    const container = await use(vanilla);
    const nat = await readNat(container.node);
    const rule = nat.find(
      (one) => one.kind === "masquerade" && one.source && contains(one.source, container.ip),
    );
    expectPresent(rule, {
      who: container.node.name,
      expected: `a MASQUERADE rule for the subnet of ${container.ip}`,
      got: `${nat.length} NAT rules, none of them`,
      evidence: nat.map((one) => one.text).join("\n"),
    });
    fact("masquerade rule", rule?.backend ?? "");
    fact("form of the masquerade rule", rule?.text ?? "");
    await fetchFromExternalHost(cluster, container);
  });

  requirement(
    "B4",
    "traffic from the driver's network leaves with the node's address",
    async ({ cluster, use }) => {
      const { workload } = await use(attached);
      await fetchFromExternalHost(cluster, workload);
    },
  );

  requirement(
    "B5",
    "a running container joins and leaves a second network",
    async ({ cluster, driver, use, scope }) => {
      const { network: first, workload } = await use(attached);
      const second = await driver.createNetwork(scope);
      const before = (await workload.links()).map((link) => link.name);
      const joined = await second.connect(scope, workload);
      const during = await workload.links();
      expectThat(
        during.some((link) => link.addresses.includes(`${joined.ip}/${joined.prefix}`)),
        {
          who: `${workload.name} on ${first.name} and ${second.name}`,
          expected: `an interface with ${joined.ip}/${joined.prefix}`,
          got: during.map((link) => `${link.name} ${link.addresses.join(" ")}`).join("; "),
        },
      );
      expectThat(
        during.some((link) => link.addresses.includes(`${workload.ip}/${workload.prefix}`)),
        {
          who: workload.name,
          expected: `to keep ${workload.ip} on ${first.name}`,
          got: "it lost it",
        },
      );
      const plain = (await workload.node.docker.listNetworks()).find(({ Name }) => Name === "bridge");
      const views = await Promise.all([first, second].map((network) => network.inspect(workload.node)));
      expectFact(
        workload.node.name,
        "networks side by side",
        [plain?.Driver, ...views.map(({ name, driver: kind }) => `${name} ${kind}`)],
        ["bridge", ...[first, second].map(({ name, driver: kind }) => `${name} ${kind}`)],
      );
      await second.disconnect(joined);
      expectFact(
        workload.name,
        "its interfaces after leaving",
        (await workload.links()).map((link) => link.name),
        before,
      );
      const stranger = await runContainer(scope, workload.node, { image: cluster.image, network: "bridge" });
      expectThat(!contains(first.subnet, stranger.ip), {
        who: stranger.name,
        expected: `an address outside ${first.subnet}, since bridge is another driver's network`,
        got: stranger.ip,
      });
    },
  );
});

/** Where an engine keeps images: in containerd, or by a graph driver of its own. */
function imageStoreOf({ DriverStatus }: { DriverStatus: readonly (readonly string[])[] | null }): string {
  const kept = DriverStatus?.some(([, value]) => value?.startsWith("io.containerd.snapshotter")) ?? false;
  return kept ? "containerd" : "graph driver";
}

/** What the engine says of itself. No answer is the engine's failure, unless the node itself is out of reach. */
async function answerOf(node: ClusterNode) {
  try {
    return await Promise.all([node.docker.info(), node.docker.version()]);
  } catch (error) {
    if (error instanceof ConnectionLost) throw error;
    const got = messageOf(error);
    throw new Nonconformance({ who: `${node.name}'s engine`, expected: "an answer", got });
  }
}

/** What was told of the workload, what is told of the network and the interface inside say the same. */
async function expectAgreement(workload: Workload, network: NetworkView): Promise<void> {
  const listed = expectPresent(network.containers[workload.id], {
    who: `network inspect ${network.name} on ${workload.node.name}`,
    expected: `to list ${workload.name}`,
    got:
      Object.values(network.containers)
        .map((one) => one.name)
        .join(", ") || "no containers",
  });
  const inside = expectPresent(
    (await workload.links()).find((link) => link.mac === workload.mac),
    { who: workload.name, expected: `an interface with MAC ${workload.mac}`, got: "none" },
  );
  const address = `${workload.ip}/${workload.prefix}`;
  expectFact(
    workload.name,
    "address and MAC in container inspect, network inspect and inside",
    {
      "network inspect": [listed.ipv4, listed.mac],
      inside: [inside.addresses.find((cidr) => !cidr.includes(":")), inside.mac],
    },
    { "network inspect": [address, workload.mac], inside: [address, workload.mac] },
  );
}
