import type { Moments } from "#harness/core/async/events.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { bareAddress, contains } from "#harness/core/ip.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import type { Fault } from "#harness/proof/fault.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { addRule, deleteNftRule, hasNftablesBackEnd, type NftRule, requireIptables } from "./firewall.ts";
import { addressOf, addTable, answerOn, drop, firstNode, onFirstWorkload, onRequirement } from "./tools.ts";

const postrouting = ["iptables", "-t", "nat"];

/** Faults of address translation: the egress, and published ports. */
export const translationFaults: readonly Fault<"chapters">[] = [
  {
    name: "masquerade-evaded",
    on: { tier: "chapters", chapter: "basics", driver: "bridge" },
    breaks:
      "lets a plain container's traffic leave with the container's own address, though the rule is there",
    why: "answers from outside find no way back to the container",
    detectedBy: ["B4"],
    hop: ["the answer of external to 172.17.", "last seen on external eth"],
    inject: {
      "workload started": onFirstWorkload("plain", (moment) => leaveUntranslated(moment.workload.ip, moment)),
    },
  },
  {
    name: "masquerade-rule-deleted",
    on: { tier: "chapters", chapter: "basics", driver: "bridge" },
    breaks: "deletes the rule that masquerades docker0's subnet",
    why: "containers get no answer from outside: nobody there routes their addresses",
    detectedBy: ["B4"],
    hop: { none: "the rule is looked for before anything is sent" },
    inject: {
      "workload started": onFirstWorkload("plain", async ({ workload: { node }, scope }) => {
        if (await hasNftablesBackEnd(node)) return deleteNftRule(scope, node, isMasqueradeOfDocker0);
        const rules = (await node.run([...postrouting, "-S", "POSTROUTING"])).split("\n");
        const rule = rules.find((line) => line.includes("! -o docker0") && line.includes("MASQUERADE"));
        if (!rule) throw new HarnessError(`${node.name} has no rule that masquerades docker0's subnet`);
        const words = rule.trim().split(" ").slice(1);
        await withUndo(scope, node, [...postrouting, "-D", ...words], [...postrouting, "-A", ...words]);
      }),
    },
  },
  {
    name: "masqueraded-as-another",
    on: { tier: "chapters", chapter: "basics", driver: "bridge" },
    breaks: "translates a plain container's traffic to an address that is not the node's",
    why: "firewalls and logs outside see an address that is not the node's",
    detectedBy: ["B4"],
    hop: ["it got through by c-", " (out) from ", "external eth"],
    inject: {
      "workload started": onFirstWorkload("plain", async ({ workload: { node }, scope }) => {
        const { device, address } = node.interfaces.management;
        const other = address.replace(/\d+$/, "200");
        const owned = ["address", "add", `${other}/32`, "dev", device];
        await withUndo(scope, node, ["ip", ...owned], ["ip", "address", "del", ...owned.slice(2)]);
        // Before the engine's own: the first chain that translates a connection decides.
        const chain = "type nat hook postrouting priority 90;";
        await addTable(scope, node, "ip", `chain judge { ${chain} oifname ${device} snat to ${other}; }`);
      }),
    },
  },
  {
    name: "egress-untranslated",
    on: { tier: "chapters", chapter: "external", driver: "overlay" },
    breaks: "lets traffic leave with the container's own address on docker_gwbridge",
    why: "containers of an overlay get no answer from outside",
    detectedBy: ["X2"],
    hop: ["its question for the name", "the answer of external to 172.18.", "last seen on external eth"],
    inject: {
      "workload started": async (_context, moment) => {
        if (moment.network === "bridge") return;
        await leaveUntranslated(await addressInBridge(moment.workload), moment);
      },
    },
  },
  {
    name: "port-answered-before",
    on: { tier: "chapters", chapter: "external", driver: "overlay" },
    breaks: "serves the port on the node before anybody has published it",
    why: "clients of the port talk to another process than the container",
    detectedBy: ["X3"],
    hop: ["the answer of node1 to ", " came back to "],
    inject: {
      "requirement begins": onRequirement("X3", (context, scope) =>
        answerOn(scope, firstNode(context), publishedPort),
      ),
    },
  },
  {
    name: "published-port-dropped",
    on: { tier: "chapters", chapter: "external", driver: "overlay" },
    breaks: "drops what arrives for the published port at the node",
    why: "a published port cannot be reached from outside",
    detectedBy: ["X3"],
    hop: ["last seen on node1 eth", "(in)", "dropped by inet fault_", "tcp dport 9099 drop"],
    inject: {
      "workload started": onPublished(async (workload, scope) => {
        await drop(scope, workload.node, "prerouting", `tcp dport ${publishedPort}`);
      }),
    },
  },
  {
    name: "imposter-behind-the-port",
    on: { tier: "chapters", chapter: "external", driver: "overlay" },
    breaks: "leads the published port to another server than the container's",
    why: "clients of a published port are served by something else than the container",
    detectedBy: ["X3"],
    hop: ["the answer of node1 to ", " came back to "],
    inject: {
      "workload started": onPublished(async ({ node }, scope) => {
        await answerOn(scope, node, imposterPort);
        const redirect = `tcp dport ${publishedPort} redirect to :${imposterPort};`;
        await addTable(
          scope,
          node,
          "ip",
          `chain lead { type nat hook prerouting priority -150; ${redirect} }`,
        );
      }),
    },
  },
  {
    name: "dnat-rule-missing",
    on: { tier: "chapters", chapter: "external", driver: "overlay" },
    breaks: "deletes the DNAT rule of a published port, so that only the engine's proxy answers",
    why: "every connection passes through a process on the node, which hides the client's address",
    detectedBy: ["X4"],
    inject: {
      "workload started": onPublished(async ({ node }) => {
        await requireIptables(node);
        const rules = (await node.run([...postrouting, "-S"])).split("\n");
        const own = rules.filter(
          (line) => line.includes(`--dport ${publishedPort} `) && line.includes("-j DNAT"),
        );
        for (const rule of own) await node.run([...postrouting, "-D", ...rule.trim().split(" ").slice(1)]);
      }),
    },
  },
  {
    name: "dnat-rule-outlives-container",
    on: { tier: "chapters", chapter: "external", driver: "overlay" },
    breaks: "keeps a DNAT rule of a published port when the container is gone",
    why: "the port leads to the container that gets the address next",
    detectedBy: ["X4"],
    // X3, which publishes the same port before, would leave the rule to X4's first look.
    alone: true,
    inject: {
      "workload started": async (context, { workload }) => {
        if (!(await isPublished(workload))) return;
        const local = await addressInBridge(workload);
        const rule = [
          ...["PREROUTING", "-p", "tcp", "--dport", String(publishedPort)],
          ...["-j", "DNAT", "--to-destination", `${local}:${publishedPort}`],
        ];
        await addRule(context.chapter, workload.node, "nat", rule);
      },
    },
  },
];

/** The port that the chapter publishes. */
const publishedPort = 9099;
const imposterPort = 9098;

/** Before the engine's own, whatever that is made with: the first chain that translates a connection decides. */
async function leaveUntranslated(
  own: string,
  { workload: { node }, scope }: Moments["workload started"],
): Promise<void> {
  const chain = "type nat hook postrouting priority 90;";
  const rule = `ip saddr ${own} oifname ${node.interfaces.management.device} snat to ${own};`;
  await addTable(scope, node, "ip", `chain judge { ${chain} ${rule} }`);
}

function isMasqueradeOfDocker0({ expr }: NftRule): boolean {
  const text = JSON.stringify(expr);
  return text.includes('"masquerade"') && text.includes('"docker0"');
}

async function isPublished(workload: Workload): Promise<boolean> {
  return (await workload.node.run(["docker", "port", workload.name])).trim() !== "";
}

function onPublished(act: (workload: Workload, scope: Scope) => Promise<void>) {
  return async (_context: unknown, { workload, scope }: Moments["workload started"]): Promise<void> => {
    if (await isPublished(workload)) await act(workload, scope);
  };
}

async function addressInBridge(workload: Workload): Promise<string> {
  const [, gateway] =
    /via (\S+)/.exec((await workload.inNetns(["ip", "route", "show", "default"])).stdout) ?? [];
  const subnet = await addressOf(workload.node, "docker_gwbridge");
  const links = await workload.links();
  const local = links
    .flatMap(({ addresses }) => addresses)
    .find((cidr) => contains(subnet, bareAddress(cidr)));
  if (!gateway || !local) throw new HarnessError(`${workload.name} has no address on docker_gwbridge`);
  return bareAddress(local);
}
