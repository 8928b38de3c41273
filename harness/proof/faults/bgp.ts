import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import type { Fault } from "#harness/proof/fault.ts";
import { firstNode, onRequirement } from "./tools.ts";

/** Faults of what nodes and routers tell each other. */
export const bgpFaults: readonly Fault<"chapters">[] = [
  {
    name: "sessions-begun-anew-with-every-route",
    on: { tier: "chapters", chapter: "bgp", driver: "reference" },
    breaks: "begins the first node's sessions anew whenever a route to a container of another node goes",
    why: "one node that is cut off takes the others along, for some seconds each time",
    detectedBy: ["G6"],
    alone: true,
    inject: {
      "requirement begins": onRequirement("G6", (context, scope) =>
        beginAnewAt(scope, firstNode(context), "ip -4 monitor route", "^Deleted.*proto bird"),
      ),
    },
  },
  {
    name: "session-ended-by-a-malformed-attribute",
    on: { tier: "chapters", chapter: "bgp", driver: "reference" },
    breaks: "begins the first node's sessions anew when its speaker finds a malformed attribute",
    why: "one wrong route that a router passes on cuts containers off from everybody behind that router",
    detectedBy: ["G11"],
    alone: true,
    inject: {
      "requirement begins": onRequirement("G11", (context, scope) =>
        beginAnewAt(scope, firstNode(context), followLog, "Malformed .* attribute"),
      ),
    },
  },
];

/** The speaker may start later than this does. */
const followLog = `
until ls /var/log/netconform-bird-*/bird.log; do sleep 0.1; done >&2
tail --lines=+1 --follow=name /var/log/netconform-bird-*/bird.log`;

/** Until `scope` closes, every line of what `command` prints that matches the pattern begins the sessions of the node's speaker anew. */
async function beginAnewAt(scope: Scope, node: ClusterNode, command: string, pattern: string): Promise<void> {
  const pid = (await node.run(["sh", "-c", watcher, "sh", command, pattern])).trim();
  scope.defer("who begins sessions anew", () => node.exec(["kill", "--", `-${pid}`]));
}

/** Prints its process id, which is that of its group. */
const watcher = `
setsid sh -c '
  sh -c "$1" | grep --line-buffered --regexp="$2" | while read -r line; do
    for socket in /run/netconform-bird-*/bird.ctl; do birdc -s "$socket" restart "\\"router*\\""; done
  done
' sh "$1" "$2" >/dev/null 2>&1 </dev/null &
echo $!
`;
