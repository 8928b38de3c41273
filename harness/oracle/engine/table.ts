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

/**
 * What may never pass, whatever rules name: between members of different tenants whose networks have one name, in both directions. Left
 * out is what goes to one's own address, and ICMP to that of somebody in the sender's own network: nobody could tell who answered.
 */
export function flowsAcrossTenants(members: readonly Member[], { families, ports }: TableShape): Flow[] {
  return members.flatMap((from) =>
    members
      .filter((to) => to.tenant !== from.tenant && to.network === from.network)
      .flatMap((to) => families.flatMap((family) => flowsBetween(from, to, family, ports)))
      .filter(({ to, family, protocol }) => {
        const address = to.addresses[family];
        const namesakes = members.filter(
          (one) =>
            one.tenant === from.tenant && one.network === from.network && one.addresses[family] === address,
        );
        return namesakes.length === 0 || (protocol !== "icmp" && !namesakes.includes(from));
      }),
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

/**
 * Whether what was seen is what must be. Only the other end itself can answer, and what is blocked arrives nowhere. An address of another
 * tenant may be answered by who has it in one's own.
 */
export function isRight({ flow, verdict, seen, arrived = false }: SeenFlow): boolean {
  const open = isAnswered({ flow, seen });
  const isNamesake = seen.state === "open" && !open && flow.from.tenant !== flow.to.tenant;
  const blocked = (isNamesake || ["dropped", "refused", "unreachable"].includes(seen.state)) && !arrived;
  if (verdict === "either") return open || blocked;
  return verdict === "open" ? open : blocked;
}

/** Whether the other end itself has answered, as far as an answer tells. */
export function isAnswered({ flow, seen }: Pick<SeenFlow, "flow" | "seen">): boolean {
  return seen.state === "open" && (flow.protocol === "icmp" || seen.identity === flow.to.name);
}

/** What was seen in a few words. */
export function describeSeen(one: SeenFlow): string {
  const { seen, arrived } = one;
  if (isAnswered(one)) return "open";
  const what = seen.state === "open" ? `open, answered by ${seen.identity}` : seen.state;
  return arrived ? `${what}, though it arrived` : what;
}

/** `a1 to b1, tcp 8888 over IPv4`. */
export function describeFlow({ from, to, family, protocol, port }: Flow): string {
  return `${from.name} to ${to.name}, ${protocol}${port === undefined ? "" : ` ${port}`} over IPv${family}`;
}
