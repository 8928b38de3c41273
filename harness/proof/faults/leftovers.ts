import { withUndo } from "#harness/host/with-undo.ts";
import type { Fault } from "#harness/proof/fault.ts";
import { answerOn, firstNode } from "./tools.ts";

const name = "nc-left";
/** Published by no chapter. */
const port = 9117;

/** Faults that leave something behind. */
export const leftoverFaults: readonly Fault<"chapters">[] = [
  {
    name: "traces-of-another-chapter",
    on: { tier: "chapters", chapter: "basics", driver: "bridge" },
    breaks: "leaves an interface on a node before the chapter begins",
    why: "what a chapter finds depends on what ran before it, and no longer on the plugin alone",
    detectedBy: ["S5"],
    alone: true,
    inject: {
      "chapter begins": async (context, { scope }) => {
        const link = ["ip", "link"];
        await withUndo(
          scope,
          firstNode(context),
          [...link, "add", name, "type", "bridge"],
          [...link, "del", name],
        );
      },
    },
  },
  {
    name: "leftovers-in-the-kernel",
    on: { tier: "chapters", chapter: "basics", driver: "bridge" },
    breaks: "leaves one thing of each kind in the kernel of a node after the chapter",
    why: "nodes fill up with dead links, routes and rules until new containers collide with them",
    detectedBy: ["C1"],
    names: [
      "links: left behind",
      "addresses: left behind",
      "routes: left behind",
      "routes6: left behind",
      "rules: left behind",
      "xfrm-policies: left behind",
      "permanent-neighbours: left behind",
      "fdb: left behind",
      "namespaces: left behind",
      "iptables: left behind",
      "ip6tables: left behind",
      "nftables: left behind",
      "listeners: left behind",
    ],
    alone: true,
    inject: {
      "chapter ends": async (context, { scope }) => {
        const node = firstNode(context);
        const { device } = node.interfaces.data;
        const pair = async (add: string[], remove: string[]) => withUndo(scope, node, add, remove);
        const ip = async (object: string[], ...thing: string[]) =>
          pair(["ip", ...object, "add", ...thing], ["ip", ...object, "del", ...thing]);
        await pair(["ip", "link", "add", name, "type", "bridge"], ["ip", "link", "del", name]);
        await ip(["address"], "192.0.2.77/32", "dev", device);
        await ip(["route"], "blackhole", "198.51.100.0/24");
        await ip(["-6", "route"], "blackhole", "2001:db8:77::/48");
        await ip(["rule"], "from", "192.0.2.99", "lookup", "999");
        const selector = ["src", "192.0.2.79/32", "dst", "192.0.2.80/32", "dir", "out"];
        await pair(
          ["ip", "xfrm", "policy", "add", ...selector, "action", "block"],
          ["ip", "xfrm", "policy", "delete", ...selector],
        );
        await ip(
          ["neighbour"],
          "192.0.2.78",
          "lladdr",
          "02:00:5e:00:53:02",
          "nud",
          "permanent",
          "dev",
          device,
        );
        const entry = ["02:00:5e:00:53:03", "dev", device, "self", "permanent"];
        await pair(["bridge", "fdb", "add", ...entry], ["bridge", "fdb", "del", ...entry.slice(0, 4)]);
        await pair(["ip", "netns", "add", name], ["ip", "netns", "del", name]);
        for (const tool of ["iptables", "ip6tables"]) {
          await pair([tool, "-N", name], [tool, "-X", name]);
        }
        await pair(["nft", "add", "table", "inet", name], ["nft", "delete", "table", "inet", name]);
        await answerOn(scope, node, port);
      },
    },
  },
  {
    name: "leftovers-in-the-engine",
    on: { tier: "chapters", chapter: "basics", driver: "bridge" },
    breaks: "leaves a container, a network and a volume in a node's engine after the chapter",
    why: "names and subnets stay taken, and the disk fills up",
    detectedBy: ["C1"],
    names: ["containers: left behind", "networks: left behind", "volumes: left behind"],
    alone: true,
    inject: {
      "chapter ends": async (context, { scope }) => {
        const node = firstNode(context);
        const docker = async (add: string[], remove: string[]) =>
          withUndo(scope, node, ["docker", ...add, name], ["docker", ...remove, name]);
        await docker(["network", "create"], ["network", "rm"]);
        await docker(["volume", "create"], ["volume", "rm"]);
        const create = ["docker", "create", "--name", name, context.cluster.image, "true"];
        await withUndo(scope, node, create, ["docker", "rm", name]);
      },
    },
  },
  {
    name: "cluster-leaves-a-bridge",
    on: { tier: "chapters", chapter: "cleanup", driver: "bridge" },
    breaks: "leaves a bridge of a removed cluster in the host engine",
    why: "the machine that runs the clusters loses a subnet with every run",
    detectedBy: ["C2"],
    alone: true,
    inject: {
      "cluster removed": async (context, { id, docker }) => {
        const left = `${id}-x`;
        const network = await docker.createNetwork({
          Name: left,
          Internal: true,
          Options: { "com.docker.network.bridge.name": left },
        });
        context.chapter.defer(`network ${left}`, () => network.remove());
      },
    },
  },
];
