import type { PolicySemantics, Rule } from "#drivers/driver.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { isIn } from "./addresses.ts";
import type { Family, Flow, Member, PolicyState } from "./state.ts";

/** What becomes of a conversation; `either` where the driver promises neither. */
export type Verdict = "open" | "blocked" | "either";

/**
 * What a flow must come to. Members of different networks never meet. In a network the rules of the sender's group for what goes out
 * and those of the receiver's group for what comes in must both let it pass. Throws `HarnessError` for a rule that denies where rules
 * only add.
 */
export function judge(state: PolicyState, flow: Flow, semantics: PolicySemantics): Verdict {
  const { from, to } = flow;
  if (from.tenant !== to.tenant || from.network !== to.network) return "blocked";
  const sides = [
    judgeSide(state, { member: from, peer: to, direction: "out" }, flow, semantics),
    judgeSide(state, { member: to, peer: from, direction: "in" }, flow, semantics),
  ];
  if (sides.includes("blocked")) return "blocked";
  return sides.includes("either") ? "either" : "open";
}

/** One end of a flow, as the rules of its group name it. */
interface Side {
  readonly member: Member;
  readonly peer: Member;
  readonly direction: Rule["direction"];
}

function judgeSide(state: PolicyState, side: Side, flow: Flow, semantics: PolicySemantics): Verdict {
  const own = rulesOf(state, side.member).filter(({ direction }) => direction === side.direction);
  const matching = own.filter((rule) => matches(rule, side, flow));
  if (semantics.combine === "priority") return highestPriority(matching, semantics.ties);
  const denying = own.find(({ action }) => action === "deny");
  if (denying) throw new HarnessError(`rule ${denying.id} denies, where rules only add to what is allowed`);
  return own.length === 0 || matching.length > 0 ? "open" : "blocked";
}

function highestPriority(matching: readonly Rule[], ties: PolicySemantics["ties"]): Verdict {
  const highest = Math.max(...matching.map(priorityOf));
  const actions = new Set(
    matching.filter((rule) => priorityOf(rule) === highest).map(({ action }) => action),
  );
  if (actions.size > 1 && ties === "unspecified") return "either";
  const denied = actions.size > 1 ? ties === "deny" : actions.has("deny");
  return denied ? "blocked" : "open";
}

function priorityOf({ priority = 1 }: Rule): number {
  return priority;
}

/** The rules of all policies that bind the member's group. */
function rulesOf({ groups, policies }: PolicyState, { tenant, group }: Member): Rule[] {
  const bound = groups.filter((one) => one.tenant === tenant && one.name === group);
  const names = bound.flatMap((one) => one.policies);
  return policies
    .filter((policy) => policy.tenant === tenant && names.includes(policy.name))
    .flatMap(({ rules }) => rules);
}

function matches({ protocol, port = 0, peer = {} }: Rule, side: Side, flow: Flow): boolean {
  const { group, network, address } = peer;
  return (
    (protocol === "any" || protocol === flow.protocol) &&
    (port === 0 || port === flow.port) &&
    (group === undefined || side.peer.group === group) &&
    (network === undefined || side.peer.network === network) &&
    (address === undefined || isAt(side.peer, flow.family, address))
  );
}

function isAt({ addresses }: Member, family: Family, place: string): boolean {
  const own = addresses[family];
  return own !== undefined && isIn(place, own);
}
