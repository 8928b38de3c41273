import type { Scope } from "#harness/core/async/scope.ts";
import { workloadRuntimes } from "#harness/core/settings/schema.ts";
import type { Host } from "#harness/host/host.ts";
import type { Fault } from "#harness/proof/fault.ts";
import { insertRule } from "./firewall.ts";
import { addTable, drop, firstNode, interfaceOf, onRequirement } from "./tools.ts";

const bridge = { tier: "chapters", driver: "cni-bridge" } as const;

const realRuntimes = workloadRuntimes.filter((one) => one !== "netconform");

/** Before an expression of nftables: what arrives over IPv6 alone. */
const overIpv6 = "meta nfproto ipv6 ";
/** Advertisements that nobody asked for: those without the flag S (RFC 4861, section 4.4). */
const unsolicited = "icmpv6 type nd-neighbor-advert @th,32,8 & 0x40 == 0";
/** What B14 serves, and publishes it as. */
const servedPort = 8081;
const publishedPort = 9103;

/** Faults of what a CNI runtime attached, after its ADD. */
export const attachmentFaults: readonly Fault<"chapters">[] = [
  {
    name: "announcement-lost",
    on: { ...bridge, chapter: "basics" },
    breaks:
      "keeps from every container, on the network that it was started in, what is asked for others, and so what they announce",
    why: "a container that gets an address anew is not reached until the caches of its neighbours expire",
    detectedBy: ["B13"],
    hop: ["last seen on node"],
    inject: {
      "workload started": async (_context, { workload, network, scope }) => {
        if (network === "bridge") return;
        const chain = "type filter hook input priority 0;";
        const own = `iifname ${await interfaceOf(workload)}`;
        const others = `${own} arp operation request arp daddr ip != ${workload.ip} drop;`;
        await addTable(scope, workload, "arp", `chain judge { ${chain} ${others} }`);
      },
    },
  },
  {
    name: "ipv6-announcement-lost",
    on: { ...bridge, chapter: "basics" },
    breaks:
      "keeps from every container, on the network that it was started in, what neighbours announce over IPv6 without being asked",
    why: "a container that gets an IPv6 address anew is not reached until its neighbours ask for it again",
    detectedBy: ["B13"],
    hop: ["last seen on node"],
    inject: {
      "workload started": async (_context, { workload, network, scope }) => {
        if (network === "bridge") return;
        await drop(scope, workload, "input", `iifname ${await interfaceOf(workload)} ${unsolicited}`);
      },
    },
  },
  {
    name: "del-needs-the-namespace",
    on: { ...bridge, chapter: "basics" },
    breaks: "fails DEL of the bridge plugin where the network namespace is gone",
    why: "after a restart of a node its containers can neither be removed nor started again",
    detectedBy: ["B14"],
    hop: { none: "a call of DEL fails, before anything is sent" },
    // What a plugin does not remove stays.
    mayFollow: ["C1"],
    inject: {
      "chapter begins": async (context, { scope }) =>
        replacePlugin(scope, firstNode(context), "bridge", needsNamespace),
    },
  },
  {
    name: "ipv6-port-lost-with-the-node",
    on: { ...bridge, chapter: "basics" },
    breaks: "drops what arrives over IPv6 for a port that a container publishes",
    why: "a service that was started again after a reboot is reached over IPv4 alone",
    detectedBy: ["B14"],
    hop: ["last seen on node1 eth0 (in)", "dropped by inet fault_", "tcp dport 9103 drop"],
    inject: {
      "requirement begins": onRequirement("B14", (context, scope) =>
        drop(scope, firstNode(context), "prerouting", `${overIpv6}tcp dport ${publishedPort}`),
      ),
    },
  },
  {
    name: "ipv6-neighbours-lost-with-the-node",
    on: { ...bridge, chapter: "basics" },
    breaks: "drops TCP over IPv6 that containers get",
    why: "what was started again after a reboot is reached by its neighbours over IPv4 alone",
    detectedBy: ["B14"],
    hop: ["dropped by inet fault_", "on c-", "tcp dport 8081 drop"],
    inject: {
      "workload started": (_context, { workload, scope }) =>
        drop(scope, workload, "input", `${overIpv6}tcp dport ${servedPort}`),
    },
  },
  {
    name: "hairpin-not-masqueraded",
    on: { ...bridge, chapter: "datapath" },
    breaks: "lets what comes from a container for a published port of its own network keep its address",
    why: "a service is reached from everywhere but from the containers beside it",
    detectedBy: ["X5b"],
    hop: ["it arrived at c-", "eth0 (in) from 10.", "and no answer was sent"],
    inject: {
      "requirement begins": onRequirement("X5b", async (context, scope) => {
        const translated = ["-m", "conntrack", "--ctstate", "DNAT"];
        await insertRule(scope, firstNode(context), "nat", ["POSTROUTING", ...translated, "-j", "ACCEPT"]);
      }),
    },
  },
];

const namespaceGone = JSON.stringify({ cniVersion: "1.0.0", code: 3, msg: "the namespace is gone" });
const needsNamespace = (plugin: string) =>
  `if [ "$CNI_COMMAND" = DEL ] && ! [ -e "$CNI_NETNS" ]; then echo '${namespaceGone}'; exit 1; fi
exec ${plugin}`;

/** The plugin gets another configuration than the runtime's. */
const reads = (edit: string) => (plugin: string) => `sed '${edit}' | ${plugin}`;

/** Faults of plugins that a real runtime calls. */
export const faultsThroughRuntimes: readonly Fault<"chapters">[] = realRuntimes.flatMap((runtime) => {
  const on = { ...bridge, chapter: "external", runtime } as const;
  return [
    {
      name: `ports-not-mapped-through-${runtime}`,
      on,
      breaks: "has portmap overlook which ports it is to map",
      why: "a published port cannot be reached, and neither plugin nor runtime says so",
      detectedBy: ["X3", "X4"],
      hop: { none: "the node itself takes the question or refuses it: nothing is lost" },
      inject: {
        "chapter begins": async (context, { scope }) =>
          replacePlugin(
            scope,
            firstNode(context),
            "portmap",
            reads('s/"portMappings":\\[[^]]*\\]/"portMappings":[]/'),
          ),
      },
    },
    {
      name: `not-masqueraded-through-${runtime}`,
      on,
      breaks: "has the bridge plugin overlook that it is to masquerade",
      why: "answers from outside find no way back to the container",
      detectedBy: ["X2"],
      hop: ["the answer of external to 10.", "last seen on external eth"],
      inject: {
        "chapter begins": async (context, { scope }) =>
          replacePlugin(scope, firstNode(context), "bridge", reads('s/"ipMasq":true/"ipMasq":false/')),
      },
    },
  ] as const satisfies readonly Fault<"chapters">[];
});

/** Found before the plugin, and calls it; `script` is given the plugin's path. */
async function replacePlugin(
  scope: Scope,
  node: Host,
  name: string,
  script: (plugin: string) => string,
): Promise<void> {
  const path = `/opt/cni/bin/${name}`;
  await node.files.write(path, `#!/bin/sh\n${script(`/usr/lib/cni/${name}`)}\n`, 0o755);
  scope.defer(`${path} on ${node.name}`, () => node.files.remove(path));
}
