import type { PolicySemantics } from "#drivers/driver.ts";
import { type Choice, pairwise, pick } from "#harness/core/choice/pairwise.ts";
import { seededRandom } from "#harness/core/random.ts";
import {
  type CaseRule,
  type Order,
  orders,
  type PeerSlot,
  type PolicyCase,
  type PolicySlot,
  peers,
  policySlots,
} from "./case.ts";

/** What a rule is about, where that is more than a protocol. */
type Traffic = Pick<CaseRule, "protocol" | "port">;

const traffics: readonly Traffic[] = [
  { protocol: "tcp", port: "every" },
  { protocol: "tcp", port: "first" },
  { protocol: "tcp", port: "second" },
  { protocol: "udp", port: "every" },
  { protocol: "udp", port: "first" },
  { protocol: "udp", port: "second" },
  { protocol: "icmp", port: "every" },
  { protocol: "any", port: "every" },
];

/** A rule that stands behind the one that a case is about: for the same traffic or for all of it, and which of the two comes first. */
const backdrops = [
  "none",
  "alike, lower",
  "alike, equal",
  "alike, higher",
  "wider, lower",
  "wider, equal",
  "wider, higher",
] as const;

/** Neighbours, texts that sort otherwise than numbers, and both ends of the range. */
const priorities = [
  [1, 2],
  [9, 10],
  [10, 100],
  [2, 50],
  [99, 100],
] as const;

/** Containers take long to start, so that most cases do without. */
const orderWeights: Readonly<Record<Order, number>> = {
  plain: 30,
  updated: 30,
  deleted: 30,
  late: 5,
  moved: 5,
};

/** What a driver can be asked. */
export interface CaseLimits {
  readonly semantics: PolicySemantics;
  readonly ipv6: boolean;
}

/**
 * So many cases, the same for the same seed: first those that have every two values of two dimensions together, then random ones of one to
 * four rules.
 */
export function generateCases(seed: number, count: number, limits: CaseLimits): PolicyCase[] {
  const random = seededRandom(seed);
  const pairs = pairwise(dimensionsFor(limits), random).map((choice) => caseOf(choice, limits, random));
  const more = Array.from({ length: Math.max(0, count - pairs.length) }, () => randomCase(limits, random));
  return [...pairs, ...more].slice(0, count);
}

function dimensionsFor({ semantics, ipv6 }: CaseLimits) {
  return {
    policy: policySlots,
    direction: ["in", "out"] as const,
    traffic: traffics,
    action: actionsIn(semantics),
    peer: peersWith(ipv6),
    backdrop: backdrops,
    behind: ["in the same policy", "in another one"] as const,
    order: orders,
  };
}

function caseOf(
  {
    policy,
    direction,
    traffic,
    action,
    peer,
    backdrop,
    behind,
    order,
  }: Choice<ReturnType<typeof dimensionsFor>>,
  limits: CaseLimits,
  random: () => number,
): PolicyCase {
  const [low, high] = pick(priorities, random);
  const [scope, place] = backdrop.split(", ");
  const rule: CaseRule = {
    ...{ policy, direction, ...traffic, action, peer },
    priority: place === "higher" ? low : high,
  };
  const back: CaseRule = {
    policy: behind === "in the same policy" ? policy : besides(policy),
    direction,
    ...(scope === "alike" ? traffic : { protocol: "any", port: "every" }),
    action: opposite(action, limits.semantics),
    peer: "everybody",
    priority: place === "lower" ? low : high,
  };
  const rules = backdrop === "none" ? [rule] : random() < 0.5 ? [rule, back] : [back, rule];
  return withEarlier(order, rules, limits, random);
}

function randomCase(limits: CaseLimits, random: () => number): PolicyCase {
  const rules = Array.from({ length: 1 + Math.floor(random() * 4) }, () => randomRule(limits, random));
  return withEarlier(weighted(orderWeights, random), rules, limits, random);
}

function randomRule({ semantics, ipv6 }: CaseLimits, random: () => number): CaseRule {
  return {
    policy: pick(policySlots, random),
    direction: pick(["in", "out"] as const, random),
    ...pick(traffics, random),
    action: pick(actionsIn(semantics), random),
    priority: pick(pick(priorities, random), random),
    peer: pick(peersWith(ipv6), random),
  };
}

/** What stood there before differs from what stands there in the end in one thing, or is another rule altogether. */
function withEarlier(
  order: Order,
  rules: readonly CaseRule[],
  limits: CaseLimits,
  random: () => number,
): PolicyCase {
  if (order === "updated") return { order, rules, earlier: rules.map((rule) => vary(rule, limits, random)) };
  if (order === "deleted") {
    const [first] = rules;
    return { order, rules, earlier: first ? [vary(first, limits, random), randomRule(limits, random)] : [] };
  }
  return { order, rules, earlier: [] };
}

function vary(rule: CaseRule, limits: CaseLimits, random: () => number): CaseRule {
  const other = randomRule(limits, random);
  return pick<CaseRule>(
    [
      { ...rule, action: opposite(rule.action, limits.semantics), priority: other.priority },
      { ...rule, direction: rule.direction === "in" ? "out" : "in" },
      { ...rule, protocol: other.protocol, port: other.port },
      { ...rule, peer: other.peer },
    ],
    random,
  );
}

function actionsIn({ combine }: PolicySemantics): readonly CaseRule["action"][] {
  return combine === "additive" ? ["allow"] : ["deny", "allow"];
}

function opposite(action: CaseRule["action"], { combine }: PolicySemantics): CaseRule["action"] {
  return combine === "priority" && action === "allow" ? "deny" : "allow";
}

function peersWith(ipv6: boolean): readonly PeerSlot[] {
  return peers.filter((peer) => ipv6 || !peer.startsWith("ipv6"));
}

/** Another policy that binds a group of that one, too. */
function besides(policy: PolicySlot): PolicySlot {
  return policy === "shared" ? "a" : "shared";
}

function weighted<K extends string>(weights: Readonly<Record<K, number>>, random: () => number): K {
  const entries = Object.entries(weights) as [K, number][];
  let left = random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  return entries.find(([, weight]) => {
    left -= weight;
    return left < 0;
  })![0];
}
