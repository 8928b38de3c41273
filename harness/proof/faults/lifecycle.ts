import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { EngineControl } from "#harness/cluster/engines/control/control.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import type { Fault } from "#harness/proof/fault.ts";
import { inspectNetwork, uniqueName } from "#harness/workload/docker/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { keepEntry } from "./changes.ts";
import { addTable, drop, endpointsLostWhenKilled, inside, interfaceOf, onRequirement } from "./tools.ts";

const bridge = { tier: "chapters", chapter: "lifecycle", driver: "bridge" } as const;
const overlay = { ...bridge, driver: "overlay" } as const;
const reference = { ...bridge, driver: "reference" } as const;

/** Faults of what containers have once they, or their engine, were ended and are there again. */
export const lifecycleFaults: readonly Fault<"chapters">[] = [
  {
    name: "mac-repeated-by-a-restart",
    on: bridge,
    breaks: "gives a container that is started again the MAC of the container that was started last",
    why: "two containers have one MAC, and each gets half of what is meant for the other (moby#47146)",
    detectedBy: ["B12"],
    hop: { none: "addresses are listed, and no packet is asked for" },
    names: ["an address and a MAC that no other container has"],
    alone: true,
    inject: macOfTheLast(),
  },
  {
    name: "egress-without-udp-after-a-restart",
    on: bridge,
    breaks: "drops UDP that a container sends to the outside once it was started again",
    why: "names are not resolved after a restart, and TCP, ping and what is published look well",
    detectedBy: ["B12"],
    alone: true,
    hop: ["last seen on node2 ", "dropped by inet fault_", "udp sport != 8082 drop"],
    inject: {
      "workload restarted": async ({ chapter }, { workload }) => {
        // What it answers to its clients goes the same way.
        await drop(chapter, workload.node, "prerouting", `ip saddr ${workload.ip} udp sport != 8082`);
      },
    },
  },
  {
    name: "port-kept-while-stopped",
    on: bridge,
    breaks: "leads what arrives for a published port to where its container was, once that is stopped",
    why: "clients hang on a service that is not there, or are led to what has its address next",
    detectedBy: ["B12"],
    alone: true,
    hop: ["it arrived at node2 eth0 (in) from ", "and no answer was sent"],
    inject: {
      "workload stopped": async ({ chapter }, { workload: { node, id, ip } }) => {
        const { HostConfig } = await node.docker.getContainer(id).inspect();
        if (Object.keys(HostConfig.PortBindings ?? {}).length === 0) return;
        const chain = "type nat hook prerouting priority dstnat - 10;";
        await addTable(chapter, node, "ip", `chain judge { ${chain} tcp dport 9121 dnat to ${ip}:8082; }`);
      },
    },
  },
  {
    name: "name-kept-while-stopped",
    on: bridge,
    breaks: "keeps the name of a container that is stopped, at the address of another one",
    why: "a part of all requests goes to what has no such service",
    detectedBy: ["B12"],
    alone: true,
    hop: ["127.0.0.11 asked nobody else"],
    inject: nameKept(),
  },
  {
    name: "published-port-lost-with-the-engine",
    on: bridge,
    breaks:
      "drops what arrives for the published port of a container that is started again once its engine is",
    why: "a service stays off line after an update of the engine although its container runs",
    detectedBy: ["R6b"],
    alone: true,
    hop: ["last seen on node2 eth0 (in)", "dropped by inet fault_"],
    inject: portsLostWithTheEngine(),
  },
  {
    name: "restart-policy-forgotten",
    on: bridge,
    breaks: "takes its restart policy from a container that publishes a port",
    why: "a service is gone when its node was rebooted, until somebody starts it by hand",
    detectedBy: ["R7"],
    hop: { none: "the container is not started again" },
    alone: true,
    inject: {
      "workload started": async (_context, { workload }) => {
        const { node, name } = workload;
        if ((await publishedBy(workload)).length > 0)
          await node.run(["docker", "update", "--restart=no", name]);
      },
    },
  },
  {
    name: "networks-lost-while-away",
    on: reference,
    breaks: "a plugin that starts again knows no networks, endpoints and policies",
    why: "a node whose engine starts before its plugin has lost its containers for good",
    detectedBy: ["R7b"],
    alone: true,
    inject: { switchOn: "networks-lost-on-restart", at: "chapter begins" },
  },
  {
    name: "attachment-lost-while-away",
    on: reference,
    breaks: "takes containers that do not run off their networks when an engine starts",
    why: "a container whose plugin does not come runs without its network, and nobody is told",
    detectedBy: ["R7b"],
    names: ["whose plugin does not come: expected an error"],
    alone: true,
    inject: {
      "engine started": async (_context, { node }) => {
        const ended = await node.docker.listContainers({ all: true, filters: { status: ["exited"] } });
        for (const { Id, NetworkSettings } of ended) {
          for (const network of Object.keys(NetworkSettings.Networks))
            await node.docker.getNetwork(network).disconnect({ Container: Id, Force: true });
        }
      },
    },
  },
  {
    name: "cut-off-though-always-to-run",
    on: reference,
    breaks: "drops what reaches a container with the restart policy `always` that is started by hand",
    why: "what was to run whatever happens is cut off since its node's plugin came late",
    detectedBy: ["R7b"],
    alone: true,
    inject: {
      "workload restarted": async ({ chapter }, { workload }) => {
        const { HostConfig } = await workload.node.docker.getContainer(workload.id).inspect();
        if (HostConfig.RestartPolicy?.Name === "always")
          await drop(chapter, workload, "input", "iifname != lo");
      },
    },
  },
  {
    name: "port-lost-under-live-restore",
    on: bridge,
    breaks:
      "drops what arrives for the published ports of the containers that an engine finds running when it starts",
    why: "a service is off line after an update of the engine that was to leave it alone",
    detectedBy: ["R9"],
    alone: true,
    hop: ["last seen on node2 eth0 (in)", "dropped by inet fault_"],
    inject: {
      "engine started": async ({ chapter }, { node }) => dropPublished(chapter, node),
    },
  },
  {
    name: "endpoints-lost-when-killed",
    on: reference,
    breaks: "an engine that was killed knows its networks and no endpoint of them, and so takes none back",
    why: "the plugin has to refuse the address of a container that is there no more; the engine is to blame",
    detectedBy: ["R6b"],
    hop: { none: "a container is not started, and the engine's call that is missing is told" },
    outcome: "engine at fault",
    mayFollow: ["C1", "R1"],
    alone: true,
    inject: endpointsLostWhenKilled(),
  },
  {
    name: "port-lost-by-a-flush",
    on: bridge,
    breaks: "drops what arrives for published ports once a firewall that was flushed is restored",
    why: "a service is off line since somebody reloaded the firewall, and a restart of the engine does not help",
    detectedBy: ["X9a"],
    alone: true,
    hop: ["last seen on node2 eth0 (in)", "dropped by inet fault_"],
    inject: {
      "firewall restored": async ({ chapter }, { node }) => dropPublished(chapter, node),
    },
  },
  {
    name: "opened-by-a-flush",
    on: { ...bridge, engine: "28.5" },
    breaks: "lacks the rules against what nobody published once a firewall that was flushed is restored",
    why: "what was for the node alone is open to its neighbours since the firewall was reloaded (CVE-2025-54388)",
    detectedBy: ["X9b"],
    hop: ["it got through by external ", "let through by ip", " filter FORWARD on node"],
    alone: true,
    inject: {
      "firewall restored": async ({ chapter }, { node }) => letIn(chapter, node),
    },
  },
  {
    name: "ingress-lost-with-the-engine",
    on: overlay,
    breaks: "takes an engine that was restarted off swarm's ingress network",
    why: "published services answer on every node but the one that was updated",
    detectedBy: ["R7"],
    hop: { none: "the engine is asked for its endpoint of the network, and no packet" },
    names: ["its endpoint of the ingress network"],
    alone: true,
    inject: {
      "engine started": ({ chapter }, { node }) => leaveIngress(chapter, node),
    },
  },
  {
    name: "forwarding-entry-of-a-lost-node",
    on: overlay,
    breaks: "keeps a node's forwarding entry of an address that a container of a lost node had",
    why: "what ran on a node that died is started elsewhere with all that it had, and nobody reaches it",
    detectedBy: ["M13"],
    hop: ["not sent: the MAC of 10.", "was told, last seen on node1 1-"],
    alone: true,
    inject: forwardedToTheLost(),
  },
  {
    name: "addresses-leaked-by-failed-starts",
    on: reference,
    breaks: "an address that an engine gives back stays taken",
    why: "a container that crashes in a loop uses the pool up, and nothing starts any more",
    detectedBy: ["R10"],
    alone: true,
    inject: { switchOn: "address-leaked", at: "chapter begins" },
  },
];

/** Drops what arrives on a node for published ports of the containers that run there, as far as an expression of nftables says so. */
export async function dropPublished(scope: Scope, node: ClusterNode, match = ""): Promise<void> {
  const running = await node.docker.listContainers();
  const ports = running.flatMap(({ Ports }) => Ports.map(({ PublicPort }) => PublicPort));
  for (const port of new Set(ports.filter(Boolean)))
    await drop(scope, node, "prerouting", `${match}tcp dport ${port}`);
}

/** Takes away what engines drop that comes from elsewhere to a bridge, and lets what is forwarded pass. */
async function letIn(scope: Scope, node: ClusterNode): Promise<void> {
  const script = `
    iptables-save | sed -e '/^-A PREROUTING .* ! -i br-.* -j DROP$/d' -e '/^-A DOCKER ! -i br-.* -j DROP$/d' | iptables-restore
    iptables --policy FORWARD ACCEPT`;
  const policy = (await node.run(["iptables", "--list-rules", "FORWARD"])).split("\n")[0] ?? "";
  scope.defer(`policy of FORWARD on ${node.name}`, () => node.run(["iptables", ...policy.split(" ")]));
  await node.run(["sh", "-ec", script]);
}

/** Takes a node's engine off swarm's ingress network, which it has joined, until `scope` closes; with a restart it is there again. */
async function leaveIngress(scope: Scope, node: ClusterNode): Promise<void> {
  const untilThere = () =>
    until({ what: `${node.name} to be in the ingress network`, deadlineMs: 90_000 }, async () => {
      const { containers } = await inspectNetwork(node, "ingress");
      return "ingress-sbox" in containers;
    });
  await untilThere();
  scope.defer(`the engine of ${node.name}`, async () => {
    await (await EngineControl.of(node)).restart();
    await untilThere();
  });
  await node.run(["docker", "network", "disconnect", "--force", "ingress", "ingress-endpoint"]);
}

/** Of a container that has an address anew which a container of a lost node had. */
function forwardedToTheLost(): Fault<"chapters">["inject"] {
  const started: Workload[] = [];
  const lost = new Set<string>();
  return {
    "node lost": async (_context, { node }) => {
      for (const { ip } of started.filter((workload) => workload.node === node)) lost.add(ip);
    },
    "workload started": async (_context, { workload, network }) => {
      if (lost.has(workload.ip)) await keepEntry(workload.node, network, workload);
      started.push(workload);
    },
  };
}

/** While B12 is tested: containers are started again for others, too. */
function macOfTheLast(): Fault<"chapters">["inject"] {
  let last: Workload | undefined;
  let tested = false;
  return {
    "requirement begins": onRequirement("B12", async (_context, scope) => {
      tested = true;
      scope.defer("the MAC of the last one", async () => {
        tested = false;
      });
    }),
    "workload started": async (_context, { workload }) => {
      last = workload;
    },
    "workload restarted": async (_context, { workload }) => {
      if (!tested || !last) return;
      const device = await interfaceOf(workload);
      await inside(workload, ["ip", "link", "set", device, "address", last.mac]);
    },
  };
}

/** With another container, which goes before their network does. */
function nameKept(): Fault<"chapters">["inject"] {
  const started = new Map<string, { network: string; scope: Scope }>();
  return {
    "workload started": async (_context, { workload: { name }, ...place }) => {
      started.set(name, place);
    },
    "workload stopped": async ({ cluster }, { workload: { node, name } }) => {
      const place = started.get(name);
      if (!place) return;
      const other = uniqueName("fault");
      const named = ["--network", place.network, "--network-alias", name];
      const run = ["docker", "run", "--detach", "--name", other, ...named, cluster.image, "sleep", "1000000"];
      await withUndo(place.scope, node, run, ["docker", "rm", "--force", other]);
    },
  };
}

/** Of containers that are started again once an engine was, in the same chapter. */
export function portsLostWithTheEngine(match = ""): Fault<"chapters">["inject"] {
  let engineStarted = false;
  return {
    "chapter begins": async () => {
      engineStarted = false;
    },
    "engine started": async () => {
      engineStarted = true;
    },
    "workload restarted": async ({ chapter }, { workload }) => {
      if (!engineStarted) return;
      for (const port of await publishedBy(workload))
        await drop(chapter, workload.node, "prerouting", `${match}tcp dport ${port}`);
    },
  };
}

/** Ports of the node that lead to a container. */
export async function publishedBy({ node, name }: Workload): Promise<string[]> {
  const listed = await node.run(["docker", "port", name]);
  return [...listed.matchAll(/0\.0\.0\.0:(\d+)$/gm)].map(([, port = ""]) => port);
}
