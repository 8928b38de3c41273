import type { Scope } from "#harness/core/async/scope.ts";
import type { Host } from "#harness/host/host.ts";
import type { Fault } from "#harness/proof/fault.ts";
import { insertRule } from "./firewall.ts";
import { addTable, firstNode, interfaceOf, onRequirement } from "./tools.ts";

const bridge = { tier: "chapters", driver: "cni-bridge" } as const;

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
    name: "del-needs-the-namespace",
    on: { ...bridge, chapter: "basics" },
    breaks: "fails DEL of the bridge plugin where the network namespace is gone",
    why: "after a restart of a node its containers can neither be removed nor started again",
    detectedBy: ["B14"],
    // What a plugin does not remove stays.
    mayFollow: ["C1"],
    inject: {
      "chapter begins": async (context, { scope }) => replacePlugin(scope, firstNode(context), "bridge"),
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

/** Found before the plugin, which it calls, but for a DEL whose namespace is gone. */
async function replacePlugin(scope: Scope, node: Host, name: string): Promise<void> {
  const path = `/opt/cni/bin/${name}`;
  const error = JSON.stringify({ cniVersion: "1.0.0", code: 3, msg: "the namespace is gone" });
  const script = `#!/bin/sh
if [ "$CNI_COMMAND" = DEL ] && ! [ -e "$CNI_NETNS" ]; then echo '${error}'; exit 1; fi
exec /usr/lib/cni/${name}
`;
  await node.files.write(path, script, 0o755);
  scope.defer(`${path} on ${node.name}`, () => node.files.remove(path));
}
