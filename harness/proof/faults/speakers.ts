import { speakerOf } from "#drivers/cni/speakers.ts";
import { wrongSpeakers } from "#drivers/reference/faults/speakers.ts";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import type { Fault, FaultActs, FaultContext } from "#harness/proof/fault.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { insertRule } from "./firewall.ts";
import { drop, firstNode, onRequirement, secondNode } from "./tools.ts";

const cni = { tier: "chapters", chapter: "bgp", driver: "cni-bgp" } as const;
/** How the address ends that the chapter moves. */
const moving = ".200";
/** Until a speaker has seen what changed in the kernel, at which it looks every second. */
const seenMs = 20_000;

/** Faults of the nodes' speakers, and of the routes that they announce. Those of the reference plugin are its own. */
export const speakerFaults: readonly Fault<"chapters">[] = [
  {
    name: "session-refused",
    on: cni,
    breaks: "lets no session of the first node over IPv6 come up",
    why: "no router knows a way over IPv6 to what runs there",
    detectedBy: ["G1"],
    mayFollow: ["G6", "G7", "G10"],
    inject: {
      "requirement begins": onRequirement("G1", (context) =>
        refuseSessions(context.chapter, firstNode(context), 6),
      ),
    },
  },
  {
    name: "announced-and-masqueraded",
    on: cni,
    breaks: "masquerades what leaves the second node for its routers",
    why: "servers outside see nodes instead of containers, and no firewall there can tell them apart",
    detectedBy: ["G3"],
    inject: {
      "requirement begins": onRequirement("G3", async (context) => {
        const node = secondNode(context);
        const forwarded = ["-o", node.interfaces.data.device, "-m", "addrtype", "!", "--src-type", "LOCAL"];
        await insertRule(context.chapter, node, "nat", ["POSTROUTING", ...forwarded, "-j", "MASQUERADE"]);
      }),
    },
  },
  {
    name: "route-kept-after-del",
    on: cni,
    breaks: "keeps a route to a container's address on the second node after DEL",
    why: "packets for the next container with that address go to the node of the last one",
    detectedBy: ["G4"],
    mayFollow: ["G5"],
    inject: {
      "workload started": async (context, { workload: { node, ip } }) => {
        if (node !== secondNode(context)) return;
        // Behind the plugin's own route.
        const route = ["blackhole", `${ip}/32`, "metric", "4000"];
        await withUndo(
          context.chapter,
          node,
          ["ip", "route", "add", ...route],
          ["ip", "route", "del", ...route],
        );
      },
    },
  },
  {
    name: "moved-address-hidden",
    on: cni,
    breaks: "hides the route to an address that moved to the first node from its speaker",
    why: "a container that is started again on another node is not reached",
    detectedBy: ["G5"],
    inject: {
      "workload started": async (context, { workload }) => {
        if (workload.node === firstNode(context) && workload.ip.endsWith(moving)) await hide(workload);
      },
    },
  },
  {
    name: "sessions-refused-after-a-cut",
    on: cni,
    breaks: "lets no session of the second node come up again",
    why: "an update of a router cuts off every container behind it",
    detectedBy: ["G6"],
    inject: {
      "requirement begins": onRequirement("G6", async (context, scope) => {
        for (const family of [4, 6] as const) await refuseSessions(scope, secondNode(context), family);
      }),
    },
  },
  {
    name: "speakers-take-one-router",
    on: cni,
    breaks: "has the speakers take routes from one router alone",
    why: "the second router does not help when the first one fails",
    detectedBy: ["G7"],
    inject: {
      "requirement begins": onRequirement("G7", (context, scope) =>
        configure(scope, context, wrongSpeakers["one-router-used"]),
      ),
    },
  },
  {
    name: "speakers-do-not-spread",
    on: cni,
    breaks: "has the speakers send everything through one of two routers that offer the same",
    why: "half of the bandwidth is idle",
    detectedBy: ["G8"],
    inject: {
      "requirement begins": onRequirement("G8", (context, scope) =>
        configure(scope, context, wrongSpeakers["ways-not-spread"]),
      ),
    },
  },
  {
    name: "speakers-blind-to-ipv6",
    on: cni,
    breaks: "has the speakers announce the IPv4 addresses of containers alone",
    why: "containers have IPv6 addresses that nobody outside reaches",
    detectedBy: ["G10"],
    inject: blindToIpv6(),
  },
];

/** New ones in either direction; those that are there go on. */
async function refuseSessions(scope: Scope, node: ClusterNode, family: 4 | 6): Promise<void> {
  const version = family === 4 ? "ipv4" : "ipv6";
  const opening = `meta nfproto ${version} tcp dport 179 tcp flags & (syn | ack) == syn`;
  await drop(scope, node, "prerouting", opening);
  await drop(scope, node, "output", opening);
}

/** Speakers take routes of the kernel's own protocol for the kernel's business. */
async function hide({ node, ip }: Workload): Promise<void> {
  const route = (await node.run(["ip", "route", "show", ip])).trim().replace(/ proto \S+/, "");
  await node.run(["ip", "route", "replace", ...route.split(/\s+/), "proto", "kernel"]);
  const bird = speakerOf(node);
  await until({ what: `the speaker of ${node.name} to miss ${ip}`, deadlineMs: seenMs }, async () => {
    const known = await bird.command("show", "route", "protocol", "kernel4");
    return !known.includes(`${ip}/32`);
  });
}

/** From the first container on that is started while all of them run. */
function blindToIpv6(): FaultActs {
  let done = false;
  return {
    "workload started": async ({ cluster, chapter }) => {
      const birds = cluster.nodes.map(speakerOf);
      if (done || (await Promise.all(birds.map((bird) => bird.runs()))).includes(false)) return;
      done = true;
      for (const [index, bird] of birds.entries()) {
        await bird.command("disable", "kernel6");
        chapter.defer(`what the speaker of ${cluster.nodes[index]?.name} announces`, async () => {
          if (await bird.runs()) await bird.command("enable", "kernel6");
        });
      }
    },
  };
}

/** While nothing else configures them. */
async function configure(
  scope: Scope,
  { cluster }: FaultContext,
  wrong: (right: string) => string,
): Promise<void> {
  for (const node of cluster.nodes) {
    const bird = speakerOf(node);
    const right = await bird.configuration();
    if (right === undefined) throw new HarnessError(`no speaker runs on ${node.name}`);
    await bird.run(wrong(right));
    scope.defer(`the speaker of ${node.name}`, () => bird.run(right));
  }
}
