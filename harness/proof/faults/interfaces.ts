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
export const interfaceFaults: readonly Fault[] = [
  {
    name: "control-interface-down",
    breaks: "sets the control interface of the second node down",
    detectedBy: ["S3"],
    chapter: "basics",
    driver: "bridge",
    acts: {
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
    breaks: "drops ICMP that arrives over the control interface of the second node",
    detectedBy: ["S3"],
    chapter: "basics",
    driver: "bridge",
    acts: {
      "requirement begins": onRequirement("S3", async (context, scope) => {
        const node = secondNode(context);
        await drop(scope, node, "input", `iifname ${node.interfaces.control.device} meta l4proto icmp`);
      }),
    },
  },
  {
    name: "another-mac-inside",
    breaks: "gives the interface inside a plain container another MAC than the engine tells",
    detectedBy: ["B2"],
    chapter: "basics",
    driver: "bridge",
    acts: {
      "workload started": onFirstWorkload("plain", async ({ workload }) => {
        await inside(workload, ["ip", "link", "set", "eth0", "address", "02:00:5e:00:53:01"]);
      }),
    },
  },
  {
    name: "another-prefix-inside",
    breaks:
      "gives the address inside a container on the driver's network another prefix than the engine tells",
    detectedBy: ["B2"],
    mayFollow: ["B4", "B5"],
    chapter: "basics",
    driver: "bridge",
    acts: {
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
    breaks: "takes the host's end of a plain container's veth pair off docker0",
    detectedBy: ["B3"],
    mayFollow: ["B4"],
    chapter: "basics",
    driver: "bridge",
    acts: {
      "workload started": onFirstWorkload("plain", async ({ workload }) => {
        await workload.node.run(["ip", "link", "set", await hostEnd(workload, "eth0"), "nomaster"]);
      }),
    },
  },
  {
    name: "second-interface-without-address",
    breaks: "takes the address off the interface of a network that a running container has joined",
    detectedBy: ["B5"],
    chapter: "basics",
    driver: "bridge",
    acts: {
      "workload connected": async (_site, { workload }) => {
        await inside(workload, ["ip", "address", "flush", "dev", await interfaceOf(workload)]);
      },
    },
  },
  {
    name: "interface-outlives-disconnect",
    breaks: "leaves an interface in a container that has left a network",
    detectedBy: ["B5"],
    chapter: "basics",
    driver: "bridge",
    acts: {
      "workload disconnected": async (_site, { workload }) => {
        await inside(workload, ["ip", "link", "add", "eth7", "type", "veth", "peer", "name", "eth8"]);
      },
    },
  },
  {
    name: "address-given-twice",
    breaks: "gives the container on the second node the address of the one on the first",
    detectedBy: ["M3"],
    mayFollow: ["M4", "M5", "M6", "M8"],
    alone: true,
    chapter: "multihost",
    driver: "overlay",
    acts: {
      "workload started": onCouple(async (_site, { a, b }) => {
        const device = await interfaceOf(b);
        await inside(b, ["ip", "address", "del", `${b.ip}/${b.prefix}`, "dev", device]);
        await inside(b, ["ip", "address", "add", `${a.ip}/${a.prefix}`, "dev", device]);
      }),
    },
  },
  {
    name: "mtu-of-the-underlay",
    breaks: "gives the interface inside a container the MTU of the underlay",
    detectedBy: ["M8"],
    chapter: "multihost",
    driver: "overlay",
    acts: {
      "workload started": async (context, { workload }) => {
        if (workload.node !== firstNode(context)) return;
        await inside(workload, ["ip", "link", "set", await interfaceOf(workload), "mtu", "1500"]);
      },
    },
  },
  {
    name: "no-default-route",
    breaks: "takes the default route out of a container",
    detectedBy: ["X1"],
    mayFollow: ["X2"],
    chapter: "external",
    driver: "overlay",
    acts: {
      "workload started": onFirstWorkload("driver's", async ({ workload }) => {
        await inside(workload, ["ip", "route", "del", "default"]);
      }),
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
