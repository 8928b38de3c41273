import type { Policy, PolicySemantics, Rule } from "#drivers/driver.ts";
import type { Transport } from "#harness/host/agent/reach.ts";

/** What an order is about: connections of that protocol that members of the group are opened by (`in`), or open (`out`). */
export interface Subject {
  readonly direction: Rule["direction"];
  readonly protocol: Extract<Transport, Rule["protocol"]>;
}

export const subjects: readonly Subject[] = (["in", "out"] as const).flatMap((direction) =>
  (["tcp", "udp"] as const).map((protocol) => ({ direction, protocol })),
);

/** A change of a policy that forbids what was allowed. */
export interface Change {
  /** The rules before it, for all subjects. */
  before(semantics: PolicySemantics): Rule[];
  /** Resolves when the plugin says that it is done. */
  order(policy: Policy, subject: Subject): Promise<void>;
  /** Takes it back. */
  undo(policy: Policy, subject: Subject): Promise<void>;
}

/** What is open at this port to members, and by them at others, no order concerns. */
export const openPort = 8102;

/** Stand beside every change and come first: one port stays open in both directions. */
export const standing: readonly Rule[] = subjects.map(({ direction, protocol }) => ({
  ...{ id: `open-${direction}-${protocol}`, direction, protocol, port: openPort },
  ...{ action: "allow", priority: 20 },
}));

/** By what they do. Where rules only allow, there is none that denies. */
export const changes: Readonly<
  Record<"a rule that denies is added" | "the rule that allows is deleted", Change>
> = {
  "a rule that denies is added": {
    before: () => [],
    order: (policy, subject) => policy.addRule(denying(subject)),
    undo: (policy, subject) => policy.removeRule(denying(subject).id),
  },
  "the rule that allows is deleted": {
    before: ({ combine }) => [
      ...(combine === "additive" ? (["in", "out"] as const).map(beside) : subjects.map(denying)),
      ...subjects.map(allowing),
    ],
    order: (policy, subject) => policy.removeRule(allowing(subject).id),
    undo: (policy, subject) => policy.addRule(allowing(subject)),
  },
};

function denying({ direction, protocol }: Subject): Rule {
  return { id: `deny-${direction}-${protocol}`, direction, protocol, action: "deny", priority: 1 };
}

function allowing({ direction, protocol }: Subject): Rule {
  return { id: `allow-${direction}-${protocol}`, direction, protocol, action: "allow", priority: 10 };
}

/** Where rules only allow, a group without any is open. */
function beside(direction: Rule["direction"]): Rule {
  return { id: `beside-${direction}`, direction, protocol: "icmp", action: "allow" };
}
