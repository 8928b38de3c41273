import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { expectFact, expectPresent } from "#harness/conformance/expect.ts";
import { uniqueMarker } from "#harness/host/agent/agent.ts";
import type { Router } from "#harness/observe/bgp/router.ts";
import type { BehindHost } from "#harness/observe/bgp/uplink.ts";
import { captureWhile, carrying, describeSeen } from "#harness/observe/capture/capture-while.ts";
import type { EvidenceFile } from "#harness/observe/evidence.ts";
import { untilSeen } from "#harness/observe/probe/expectation.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { expectOpenAs } from "#harness/observe/probe/reachability.ts";
import { type Peer, serve } from "#harness/observe/probe/service.ts";

type Keep = (file: EvidenceFile) => unknown;

/** Expects that servers at either end see the other end's own address as their client's. */
export async function expectOwnAddresses(one: Peer, other: Peer): Promise<void> {
  await Promise.all([expectClient(one, other), expectClient(other, one)]);
}

async function expectClient(client: Peer, at: Peer): Promise<void> {
  await using server = await serve(at, { ports: [0], address: at.ip });
  await expectOpenAs(client, server.at(server.ports[0] ?? 0), client.ip);
}

/** Expects pings between the two on the node's data interface alone, with the addresses of both and with nothing around them. */
export async function expectBare({
  host,
  container,
  node,
  keep,
}: {
  host: Peer;
  container: Peer;
  node: ClusterNode;
  keep: Keep;
}): Promise<void> {
  const pings = [
    { from: host, to: container, marker: uniqueMarker() },
    { from: container, to: host, marker: uniqueMarker() },
    { from: host, to: container, marker: uniqueMarker() },
  ];
  const devices = Object.values(node.interfaces).map(({ device }) => device);
  const seen = await captureWhile({ node, devices, keep }, async () => {
    for (const { from, to, marker } of pings) await expectPing(from, to, { marker });
  });
  for (const { from, to, marker } of pings) {
    const frames = carrying(seen, marker);
    const who = `a ping from ${from.name} (${from.ip}) to ${to.name} (${to.ip}), on ${node.name}`;
    expectPresent(
      frames.find(({ packet }) => packet.ip?.source === from.ip && packet.ip.destination === to.ip),
      {
        who,
        expected: "a packet with these addresses",
        got: describeSeen(frames),
      },
    );
    for (const one of frames) {
      const { ip, vlans, vxlan } = one.packet;
      expectFact(
        `${who}: ${describeSeen([one])}`,
        "interface, ends and what is around it",
        {
          where: one.device,
          ends: [ip?.source, ip?.destination].toSorted(),
          vlans: vlans.length,
          vxlan: vxlan !== undefined,
        },
        { where: node.interfaces.data.device, ends: [from.ip, to.ip].toSorted(), vlans: 0, vxlan: false },
      );
    }
  }
}

/** Expects that what a container sends to many addresses behind the routers arrives there through each of them. */
export async function expectSpread({
  host,
  routers,
  from,
  keep,
}: {
  host: BehindHost;
  routers: readonly Router[];
  from: Peer;
  keep: Keep;
}): Promise<void> {
  const devices = routers.map((router) => host.deviceTo(router));
  const capture = { node: host.on, devices, netns: `/run/netns/${host.netns}`, keep };
  await untilSeen({
    who: `${from.name}, to ${host.addresses.length} addresses behind ${routers.map(({ name }) => name).join(" and ")}`,
    expected: "some through each router",
    deadlineMs: 30_000,
    look: async (marker) => {
      const seen = await captureWhile(capture, async () => {
        for (const ip of host.addresses) await expectPing(from, { name: host.name, ip }, { marker });
      });
      const requests = carrying(seen, marker).filter(({ packet }) =>
        host.addresses.includes(packet.ip?.destination ?? ""),
      );
      return devices.map((device) => requests.filter((one) => one.device === device).length);
    },
    accept: (counts): counts is number[] => counts.every((count) => count > 0),
    describe: (counts) => `${counts.join(" and ")} packets`,
  });
}
