import { HarnessError } from "#harness/core/errors.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import type { Fault } from "#harness/proof/fault.ts";
import { listLinks, parseLinks } from "#harness/workload/links.ts";
import type { Workload } from "#harness/workload/workload.ts";
import {
  drop,
  firstNode,
  inside,
  interfaceOf,
  onCouple,
  onFirstWorkload,
  onRequirement,
  secondNode,
} from "./tools.ts";

/** Faults of interfaces and addresses, on nodes and inside containers. */
export const interfaceFaults: readonly Fault<"chapters">[] = [
  {
    name: "control-interface-down",
    on: { tier: "chapters", chapter: "basics", driver: "bridge" },
    breaks: "sets the control interface of the second node down",
    why: "the nodes lose sight of each other, and no cluster-wide state gets through",
    detectedBy: ["S3"],
    inject: {
      "requirement begins": onRequirement("S3", async (context, scope) => {
        const node = secondNode(context);
        const { device } = node.interfaces.control;
        const link = ["ip", "link", "set", device];
        await withUndo(scope, node, [...link, "down"], [...link, "up"]);
      }),
    },
  },
  {
    name: "control-network-silent",
    on: { tier: "chapters", chapter: "basics", driver: "bridge" },
    breaks: "drops ICMP that arrives over the control interface of the second node",
    why: "the interface looks healthy, and nothing gets through it",
    detectedBy: ["S3"],
    inject: {
      "requirement begins": onRequirement("S3", async (context, scope) => {
        const node = secondNode(context);
        await drop(scope, node, "input", `iifname ${node.interfaces.control.device} meta l4proto icmp`);
      }),
    },
  },
  {
    name: "another-mac-inside",
    on: { tier: "chapters", chapter: "basics", driver: "bridge" },
    breaks: "gives the interface inside a plain container another MAC than the engine tells",
    why: "filters and reservations by the MAC that the engine tells do not fit the container",
    detectedBy: ["B2"],
    inject: {
      "workload started": onFirstWorkload("plain", async ({ workload }) => {
        await inside(workload, ["ip", "link", "set", "eth0", "address", "02:00:5e:00:53:01"]);
      }),
    },
  },
  {
    name: "another-prefix-inside",
    on: { tier: "chapters", chapter: "basics", driver: "bridge" },
    breaks:
      "gives the address inside a container on the driver's network another prefix than the engine tells",
    why: "the container takes half of its own subnet for remote and sends it to the gateway",
    detectedBy: ["B2"],
    mayFollow: ["B4", "B5"],
    inject: {
      "workload started": onFirstWorkload("driver's", async ({ workload }) => {
        const device = await interfaceOf(workload);
        await inside(workload, ["ip", "address", "del", `${workload.ip}/${workload.prefix}`, "dev", device]);
        await inside(workload, [
          "ip",
          "address",
          "add",
          `${workload.ip}/${workload.prefix + 1}`,
          "dev",
          device,
        ]);
      }),
    },
  },
  {
    name: "host-end-off-the-bridge",
    on: { tier: "chapters", chapter: "basics", driver: "bridge" },
    breaks: "takes the host's end of a plain container's veth pair off docker0",
    why: "the container is cut off although its interface is up",
    detectedBy: ["B3"],
    mayFollow: ["B4"],
    inject: {
      "workload started": onFirstWorkload("plain", async ({ workload }) => {
        await workload.node.run(["ip", "link", "set", await hostEnd(workload, "eth0"), "nomaster"]);
      }),
    },
  },
  {
    name: "second-interface-without-address",
    on: { tier: "chapters", chapter: "basics", driver: "bridge" },
    breaks: "takes the address off the interface of a network that a running container has joined",
    why: "the container has joined a network in which nobody can reach it",
    detectedBy: ["B5"],
    inject: {
      "workload connected": async (_context, { workload }) => {
        await inside(workload, ["ip", "address", "flush", "dev", await interfaceOf(workload)]);
      },
    },
  },
  {
    name: "interface-outlives-disconnect",
    on: { tier: "chapters", chapter: "basics", driver: "bridge" },
    breaks: "leaves an interface in a container that has left a network",
    why: "every network that a container leaves costs it one more dead interface",
    detectedBy: ["B5"],
    inject: {
      "workload disconnected": async (_context, { workload }) => {
        await inside(workload, ["ip", "link", "add", "eth7", "type", "veth", "peer", "name", "eth8"]);
      },
    },
  },
  {
    name: "address-given-twice",
    on: { tier: "chapters", chapter: "multihost", driver: "overlay" },
    breaks: "gives the container on the second node the address of the one on the first",
    why: "two containers answer for one address, and neither is reached reliably",
    detectedBy: ["M3"],
    mayFollow: ["M4", "M5", "M6", "M8"],
    alone: true,
    inject: {
      "workload started": onCouple(async (_context, { a, b }) => {
        const device = await interfaceOf(b);
        await inside(b, ["ip", "address", "del", `${b.ip}/${b.prefix}`, "dev", device]);
        await inside(b, ["ip", "address", "add", `${a.ip}/${a.prefix}`, "dev", device]);
      }),
    },
  },
  {
    name: "mtu-of-the-underlay",
    on: { tier: "chapters", chapter: "multihost", driver: "overlay" },
    breaks: "gives the interface inside a container the MTU of the underlay",
    why: "small packets pass and large transfers stall",
    detectedBy: ["M8"],
    hop: { none: "the MTUs are compared before anything is sent" },
    mayFollow: ["M14"],
    inject: {
      "workload started": async (context, { workload }) => {
        if (workload.node !== firstNode(context)) return;
        await inside(workload, ["ip", "link", "set", await interfaceOf(workload), "mtu", "1500"]);
      },
    },
  },
  {
    name: "no-default-route",
    on: { tier: "chapters", chapter: "external", driver: "overlay" },
    breaks: "takes the default route out of a container",
    why: "the container reaches its own networks and nothing outside of them",
    detectedBy: ["X1"],
    mayFollow: ["X2"],
    inject: {
      "workload started": onFirstWorkload("driver's", async ({ workload }) => {
        await inside(workload, ["ip", "route", "del", "default"]);
      }),
    },
  },
  {
    name: "another-mac-than-the-result",
    on: { tier: "chapters", chapter: "basics", driver: "cni-bridge" },
    breaks: "gives the interface of every container on a CNI network another MAC than ADD answered",
    why: "the runtime and later plugins work with a MAC that the container does not have",
    detectedBy: ["B7"],
    mayFollow: ["B2", "B4", "B5"],
    inject: {
      "workload started": async (_context, { workload, network }) => {
        if (network === "bridge") return;
        await inside(workload, ["ip", "link", "set", "eth0", "address", "02:00:5e:00:53:02"]);
      },
    },
  },
];

async function hostEnd(workload: Workload, device: string): Promise<string> {
  const within = (await workload.links()).find(({ name }) => name === device);
  const onHost = parseLinks(await workload.node.run(listLinks));
  const end = onHost.find(({ index }) => index === within?.peerIndex);
  if (!end) throw new HarnessError(`${workload.name} ${device} has no other end on ${workload.node.name}`);
  return end.name;
}
