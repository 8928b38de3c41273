import type { PolicySemantics } from "#drivers/driver.ts";
import type { BriefReach } from "#harness/host/agent/reach-all.ts";
import { judge, type Verdict } from "./judge.ts";
import type { Family, Flow, Member, PolicyState } from "./state.ts";

/** What is tried between every two members of a network. */
export interface TableShape {
  readonly families: readonly Family[];
  /** TCP and UDP ports. */
  readonly ports: readonly number[];
}

/** Every flow of the table: all ordered pairs of one tenant's network, each protocol, port and IP version. */
export function flowsAmong(members: readonly Member[], { families, ports }: TableShape): Flow[] {
  return members.flatMap((from) =>
    members
      .filter((to) => to !== from && to.tenant === from.tenant && to.network === from.network)
      .flatMap((to) => families.flatMap((family) => flowsBetween(from, to, family, ports))),
  );
}

function flowsBetween(from: Member, to: Member, family: Family, ports: readonly number[]): Flow[] {
  if (!from.addresses[family] || !to.addresses[family]) return [];
  const pair = { from, to, family };
  return [
    ...ports.map((port) => ({ ...pair, protocol: "tcp" as const, port })),
    ...ports.map((port) => ({ ...pair, protocol: "udp" as const, port })),
    { ...pair, protocol: "icmp" as const },
  ];
}

/** A flow and what must come of it. */
export interface JudgedFlow {
  readonly flow: Flow;
  readonly verdict: Verdict;
}

/** The truth table: what must come of each of these flows. */
export function judgeAll(
  state: PolicyState,
  flows: readonly Flow[],
  semantics: PolicySemantics,
): JudgedFlow[] {
  return flows.map((flow) => ({ flow, verdict: judge(state, flow, semantics) }));
}

/** A flow, what must come of it, and what came of it. */
export interface SeenFlow extends JudgedFlow {
  readonly seen: BriefReach;
  /** Whether it reached the other end, though no answer came back. */
  readonly arrived?: boolean;
}

/** Whether what was seen is what must be. Only the other end itself can answer, and what is blocked arrives nowhere. */
export function isRight({ flow, verdict, seen, arrived = false }: SeenFlow): boolean {
  const open = seen.state === "open" && (flow.protocol === "icmp" || seen.identity === flow.to.name);
  const blocked = ["dropped", "refused", "unreachable"].includes(seen.state) && !arrived;
  if (verdict === "either") return open || blocked;
  return verdict === "open" ? open : blocked;
}

/** What was seen in a few words. */
export function describeSeen({ flow, seen, arrived }: SeenFlow): string {
  if (seen.state === "open") {
    const another = flow.protocol !== "icmp" && seen.identity !== flow.to.name;
    return another ? `open, answered by ${seen.identity}` : "open";
  }
  return arrived ? `${seen.state}, though it arrived` : seen.state;
}

/** `a1 to b1, tcp 8888 over IPv4`. */
export function describeFlow({ from, to, family, protocol, port }: Flow): string {
  return `${from.name} to ${to.name}, ${protocol}${port === undefined ? "" : ` ${port}`} over IPv${family}`;
}
