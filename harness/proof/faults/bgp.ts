import type { Fault } from "#harness/proof/fault.ts";
import { firstNode } from "./tools.ts";

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
      "requirement begins": async (context, { requirement, scope }) => {
        if (requirement !== "G6") return;
        const node = firstNode(context);
        const pid = (await node.run(["sh", "-c", watcher])).trim();
        scope.defer("who watches for routes that go", () => node.exec(["kill", "--", `-${pid}`]));
      },
    },
  },
];

/** Prints its process id, which is that of its group. */
const watcher = `
setsid sh -c '
  ip -4 monitor route | while read -r line; do
    case "$line" in
      Deleted*"proto bird"*) for socket in /run/netconform-bird-*/bird.ctl; do birdc -s "$socket" restart "\\"router*\\""; done ;;
    esac
  done
' >/dev/null 2>&1 </dev/null &
echo $!
`;
