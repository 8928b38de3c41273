import type { Moments } from "#harness/core/async/events.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Fault, FaultContext } from "#harness/proof/fault.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { sendingKeys } from "#suites/encryption/fixture.ts";
import { addRule, insertRule } from "./firewall.ts";
import { type Couple, onCouple, onRequirement, secondNode } from "./tools.ts";

const overlay = { tier: "chapters", chapter: "encryption", driver: "overlay" } as const;
/** A node has the keys before, of and after each moment (swarmkit's `keyringSize`). */
const keysKept = 3;
const vxlan = ["-p", "udp", "--dport", "4789"];
/** What has not come by ESP, as the engine's own rule tells it. */
const bare = ["-m", "policy", "--dir", "in", "--pol", "none"];

/** Faults of what encrypts the traffic of a network between the nodes. */
export const encryptionFaults: readonly Fault<"chapters">[] = [
  {
    name: "encryption-evaded",
    on: overlay,
    breaks:
      "takes the mark by which VXLAN is encrypted off what the first node sends, and lets it in at the second",
    why: "all works, and everybody between the nodes reads along",
    detectedBy: ["E1"],
    alone: true,
    inject: {
      "workload started": onEncryptedCouple(async (_context, { a, b, scope }) => {
        // After the engine's own rule, which sets the mark.
        await addRule(scope, a.node, "mangle", ["OUTPUT", ...vxlan, "-j", "MARK", "--set-mark", "0"]);
        await letIn(scope, b, ["-s", a.node.interfaces.data.address, ...vxlan]);
      }),
    },
  },
  {
    name: "unencrypted-beside-dropped",
    on: overlay,
    breaks: "drops all VXLAN that arrives bare at the second node, whatever its network",
    why: "the first encrypted network takes all others off line",
    detectedBy: ["E2"],
    hop: ["last seen on node2 ", " filter INPUT on node2"],
    alone: true,
    inject: {
      "requirement begins": onRequirement("E2", (context, scope) =>
        insertRule(scope, secondNode(context), "filter", ["INPUT", ...bare, ...vxlan, "-j", "DROP"]),
      ),
    },
  },
  {
    name: "bare-vxlan-let-in",
    on: overlay,
    breaks: "lets VXLAN in that arrives bare for an encrypted network at the second node",
    why: "any host that reaches a node puts packets into the encrypted network",
    detectedBy: ["E3"],
    hop: { none: "E3 knows of it by the server's log alone, and does not send what it forged once more" },
    inject: {
      "workload started": onEncryptedCouple((_context, { b, scope }) => letIn(scope, b, vxlan)),
    },
  },
  {
    name: "bare-without-keys",
    on: overlay,
    breaks: "makes the encryption of what the first node sends optional",
    why: "a node that has lost its keys goes on in the clear, and nobody notices",
    detectedBy: ["E4"],
    alone: true,
    inject: {
      "workload started": onEncryptedCouple(async (_context, { a, b }) => {
        await encryptWherePossible(a, b);
      }),
    },
  },
  {
    name: "new-keys-dropped",
    on: overlay,
    breaks:
      "drops what the first node sends to the second with keys that the second did not have in the beginning",
    why: "every twelve hours all that crosses nodes stands still until somebody restarts it",
    detectedBy: ["E5"],
    hop: { none: "it is ESP on the wire, and nobody can read there which packet it carries" },
    inject: {
      "workload started": onEncryptedCouple(async (_context, { a, b, scope }) => {
        const [from, to] = [a.node.interfaces.data.address, b.node.interfaces.data.address];
        const what = `the keys of ${a.node.name} on ${b.node.name}`;
        const keys = await until({ what, deadlineMs: 20_000 }, async () => {
          const there = await sendingKeys(b.node, { from, to });
          return there.length >= keysKept && there;
        });
        const esp = ["INPUT", "-s", from, "-p", "esp"];
        await insertRule(scope, b.node, "filter", [...esp, "-j", "DROP"]);
        for (const spi of keys) {
          await insertRule(scope, b.node, "filter", [...esp, "-m", "esp", "--espspi", spi, "-j", "ACCEPT"]);
        }
      }),
    },
  },
];

type Act = (context: FaultContext, moment: Moments["workload started"]) => Promise<void>;

/** Acts when an encrypted network has a workload on each of the first two nodes. */
function onEncryptedCouple(act: (context: FaultContext, couple: Couple) => Promise<void>): Act {
  const onAny = onCouple(act);
  return async (context, moment) => {
    const { workload, network } = moment;
    const options = await workload.node.run([
      ...["docker", "network", "inspect", "--format", "{{json .Options}}", network],
    ]);
    if (/"encrypted"/.test(options)) await onAny(context, moment);
  };
}

/** Before the engine's own rules, as long as `scope` is open. */
async function letIn(scope: Scope, { node }: Workload, match: readonly string[]): Promise<void> {
  await insertRule(scope, node, "filter", ["INPUT", ...match, "-j", "ACCEPT"]);
}

/** The engine's own policy with its template optional; it goes with the network, by its selector and mark. */
async function encryptWherePossible(from: Workload, to: Workload): Promise<void> {
  const { node } = from;
  const [source, target] = [node.interfaces.data.address, to.node.interfaces.data.address];
  const listed = await node.run(["ip", "xfrm", "policy", "list", "src", source, "dst", target, "dir", "out"]);
  const find = (name: string) => {
    const found = new RegExp(`\\b${name} (0x[0-9a-f]+|\\d+)`).exec(listed)?.[1];
    if (found === undefined) throw new HarnessError(`${node.name} has no policy with ${name}: ${listed}`);
    return found;
  };
  const selector = ["src", `${source}/32`, "dst", `${target}/32`, "proto", "udp", "dport", "4789"];
  await node.run([
    ...[
      "ip",
      "xfrm",
      "policy",
      "update",
      ...selector,
      "dir",
      "out",
      "mark",
      find("mark"),
      "mask",
      "0xffffffff",
    ],
    ...["tmpl", "src", source, "dst", target, "proto", "esp", "spi", find("spi"), "reqid", find("reqid")],
    ...["mode", "transport", "level", "use"],
  ]);
}
