import { speakerOf } from "#drivers/cni/speakers.ts";
import { wrongSpeakers } from "#drivers/reference/faults/speakers.ts";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { contains, familyOf } from "#harness/core/ip.ts";
import { freshRange6 } from "#harness/core/project-subnets.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import type { Fault, FaultContext } from "#harness/proof/fault.ts";
import { insertRule } from "./firewall.ts";
import { drop, firstNode, keepDoing, onRequirement, secondNode } from "./tools.ts";

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
    hop: ["it got through by c-", " (out) from ", "(in)"],
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
        const { node, ip } = workload;
        if (node !== firstNode(context) || !ip.endsWith(moving)) return;
        // The one by the other node, which it was told of before, may still be there.
        const shown = (await node.run(["ip", "route", "show", ip])).split("\n");
        for (const route of shown.filter((line) => / dev veth/.test(line))) await hide(node, route.trim());
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
      "requirement begins": onRequirement("G7", async (context, scope) =>
        misconfigure(scope, context, wrongSpeakers["one-router-used"]),
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
      "requirement begins": onRequirement("G8", async (context, scope) =>
        misconfigure(scope, context, wrongSpeakers["ways-not-spread"]),
      ),
    },
  },
  {
    name: "ipv6-routes-hidden",
    on: cni,
    breaks: "hides the routes to IPv6 addresses of containers from the speakers",
    why: "containers have IPv6 addresses that nobody outside reaches",
    detectedBy: ["G10"],
    inject: {
      "workload started": async (_context, { workload: { node } }) => {
        for (const route of await routes6Of(node)) await hide(node, route);
      },
    },
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
async function hide(node: ClusterNode, route: string): Promise<void> {
  const [address = "", ...way] = route.replace(/ proto \S+/, "").split(/\s+/);
  await node.run(["ip", "route", "replace", address, ...way, "proto", "kernel"]);
  const bird = speakerOf(node);
  if (!(await bird.runs())) return;
  const own = `${address}/${familyOf(address) === 6 ? 128 : 32}`;
  await until({ what: `the speaker of ${node.name} to miss ${own}`, deadlineMs: seenMs }, async () => {
    return !(await bird.command("show", "route", "protocol", `kernel${familyOf(address)}`)).includes(own);
  });
}

/** Routes of the node to single addresses of the project's own IPv6 range, over interfaces of containers. */
async function routes6Of(node: ClusterNode): Promise<string[]> {
  const shown = (await node.run(["ip", "-6", "route", "show"])).split("\n");
  return shown
    .filter((line) => /^[0-9a-f:]+ dev veth/.test(line) && contains(freshRange6, line.split(" ")[0] ?? ""))
    .map((line) => line.trim());
}

/** From when they run, which is once a test needs them; what configures them meanwhile does not last. */
function misconfigure(scope: Scope, { cluster }: FaultContext, wrong: (right: string) => string): void {
  for (const node of cluster.nodes) {
    const bird = speakerOf(node);
    let right: string | undefined;
    let last: string | undefined;
    scope.defer(`the speaker of ${node.name}`, async () => {
      if (right !== undefined && (await bird.runs())) await bird.run(right);
    });
    keepDoing(scope, `what ${node.name} is told again`, async () => {
      const configured = await bird.configuration();
      if (configured === undefined || configured === last) return;
      right = configured;
      last = wrong(right);
      await bird.run(last);
    });
  }
}
