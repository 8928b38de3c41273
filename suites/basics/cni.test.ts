import type { InstalledDriver } from "#drivers/driver.ts";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import { type AddResult, addResultSchema } from "#harness/cni/protocol/result.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact, expectPresent, expectThat } from "#harness/conformance/expect.ts";
import { contains } from "#harness/core/ip.ts";
import { listLinks, parseLinks } from "#harness/workload/links.ts";
import type { Link, Workload } from "#harness/workload/workload.ts";

/** Chapter 1 as CNI has it: there the runtime, not the engine, knows of networks. */
chapter("basics", ({ requirement, shared }) => {
  const network = shared("a network of the driver", ({ driver, scope }) => driver.createNetwork(scope));

  for (const bare of [false, true]) {
    const kind = bare ? "a bare namespace" : "a container";

    requirement("B7", `ADD gives ${kind} what its result says, DEL takes it back`, async (test) => {
      const { cluster, driver, use, scope, fact } = test;
      const net = await use(network);
      const node = expectPresent(cluster.nodes[0], { who: "the cluster", expected: "a node", got: "none" });
      const own = scope.child("the workload");
      const workload = await net.run(own, node, { bare });

      const adds = callsOf(driver, workload, "ADD");
      for (const { env, plugin } of adds) {
        const who = `ADD of ${plugin}`;
        expectFact(who, "CNI_CONTAINERID", env.CNI_CONTAINERID, workload.id);
        const told = await inodeOf(node, env.CNI_NETNS ?? "");
        expectFact(who, "namespace behind CNI_NETNS", told, await namespaceOf(workload));
      }
      const last = expectPresent(adds.at(-1), { who: workload.name, expected: "an ADD", got: "none" });
      const result = addResultSchema.parse(JSON.parse(last.stdout));
      const inside = await expectInside(workload, result, last.env.CNI_IFNAME ?? "");
      await expectOnHost(node, result, inside);
      expectThat(contains(net.subnet, workload.ip), {
        who: `the IPAM plugin's address for ${workload.name}`,
        expected: `one inside ${net.subnet}`,
        got: workload.ip,
      });
      fact("plugins", adds.map(({ plugin }) => plugin).join(", "));

      await own.close();
      const dels = callsOf(driver, workload, "DEL").map(({ plugin }) => plugin);
      expectFact(
        workload.name,
        "plugins called with DEL, in reverse order of ADD",
        dels,
        adds.map(({ plugin }) => plugin).toReversed(),
      );
      const links = parseLinks(await node.run(listLinks));
      const macs = result.interfaces?.flatMap(({ mac, sandbox }) => (sandbox && mac ? [mac] : [])) ?? [];
      expectFact(
        `${node.name} after DEL`,
        "interfaces that were the workload's",
        links.filter(({ mac }) => macs.includes(mac)).map(({ name }) => name),
        [],
      );
    });
  }
});

function callsOf(driver: InstalledDriver, workload: Workload, command: string): Invocation[] {
  const calls = expectPresent(driver.cniCalls?.(workload.id), {
    who: "the driver",
    expected: "a record of plugin calls, since it declares cni",
    got: "none",
  });
  return calls.filter((call) => call.command === command);
}

async function inodeOf(node: ClusterNode, path: string): Promise<string> {
  const found = await node.exec(["stat", "--dereference", "--format=%i", path]);
  return found.code === 0 ? found.stdout.trim() : found.stderr.trim();
}

/** The namespace that the workload's own processes see. */
async function namespaceOf(workload: Workload): Promise<string> {
  const link = await workload.exec(["readlink", "/proc/self/ns/net"]);
  return /\[(\d+)\]/.exec(link.stdout)?.[1] ?? (link.stdout + link.stderr).trim();
}

/** Interface, MAC and addresses that the result tells for the container are there. */
async function expectInside(workload: Workload, result: AddResult, ifName: string): Promise<Link> {
  const { interfaces = [], ips = [] } = result;
  const index = interfaces.findIndex(({ name, sandbox }) => name === ifName && sandbox);
  const told = expectPresent(interfaces[index], {
    who: `the result of ADD for ${workload.name}`,
    expected: `an interface ${ifName} in the container`,
    got: interfaces.map(({ name }) => name).join(", ") || "none",
  });
  const inside = expectPresent(
    (await workload.links()).find(({ name }) => name === ifName),
    { who: workload.name, expected: `an interface ${ifName}`, got: "none" },
  );
  if (told.mac !== undefined) expectFact(`${workload.name} ${ifName}`, "its MAC", inside.mac, told.mac);
  const addresses = ips.flatMap((ip) => (ip.interface === index ? [ip.address] : []));
  expectThat(addresses.length > 0 && addresses.every((cidr) => inside.addresses.includes(cidr)), {
    who: `${workload.name} ${ifName}`,
    expected: `the addresses of the result (${addresses.join(", ") || "none"})`,
    got: inside.addresses.join(", ") || "none",
  });
  return inside;
}

/**
 * Interfaces that the result tells for the host are there; the other end of a veth pair, and the bridge it is a port
 * of, are among them.
 */
async function expectOnHost(node: ClusterNode, { interfaces = [] }: AddResult, inside: Link): Promise<void> {
  const who = `${node.name}, from the result of ADD`;
  const links = parseLinks(await node.run(listLinks));
  const told = interfaces.filter(({ sandbox }) => !sandbox);
  for (const { name, mac } of told) {
    const link = expectPresent(
      links.find((candidate) => candidate.name === name),
      { who, expected: `an interface ${name}`, got: links.map((one) => one.name).join(", ") },
    );
    if (mac !== undefined) expectFact(`${who}, ${name}`, "its MAC", link.mac, mac);
  }
  if (inside.kind !== "veth") return;
  const external = expectPresent(
    links.find(({ index, peerIndex }) => index === inside.peerIndex && peerIndex === inside.index),
    { who: node.name, expected: `the other end of ${inside.name}, index ${inside.peerIndex}`, got: "none" },
  );
  const names = [external.name, ...(external.master ? [external.master] : [])];
  expectFact(
    who,
    "the host's end of the veth pair and its bridge",
    names.filter((name) => told.some((one) => one.name === name)),
    names,
  );
}
