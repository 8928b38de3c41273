import type { SnapshotDifference } from "#harness/cluster/snapshot/snapshot.ts";
import type { Flow } from "#harness/oracle/engine/state.ts";
import { describeFlow, describeSeen, isRight, type SeenFlow } from "#harness/oracle/engine/table.ts";

/** What is looked at once nothing is disturbed any more. */
export const checkers = [
  "names",
  "addresses",
  "forwarding",
  "policy",
  "restarts",
  "changes",
  "leftovers",
] as const;
export type Checker = (typeof checkers)[number];

/** Something that is not as it must be. */
export interface Finding {
  readonly checker: Checker;
  readonly who: string;
  readonly expected: string;
  readonly got: string;
  /** It was to be at no moment: that it is right again makes no difference. */
  readonly forGood?: true | undefined;
}

/** What somebody was told of a name. */
export interface NameSeen {
  readonly by: string;
  readonly name: string;
  /** The only address that it must lead to; left out: nobody has that name any more. */
  readonly wanted?: string;
  readonly told: readonly string[];
}

/** A name leads to who has it and nowhere else, and the name of nobody leads nowhere. */
export function checkNames(seen: readonly NameSeen[]): Finding[] {
  return seen.flatMap(({ by, name, wanted, told }): Finding[] => {
    if (told.join(" ") === (wanted ?? "")) return [];
    const who = `${by} asking for ${name}`;
    const expected = wanted ?? "no address, since nobody has that name";
    return [{ checker: "names", who, expected, got: told.join(" ") || "no address" }];
  });
}

/** The addresses and the MAC of a workload, as its own interfaces say. */
export interface AddressSeen {
  readonly of: string;
  readonly wanted: string;
  /** Without prefix, of all its interfaces. */
  readonly addresses: readonly string[];
  /** Of the interface that has the wanted address. */
  readonly mac?: string;
}

/** Everybody has the address that it is known by, and shares neither that nor its MAC with anybody. */
export function checkAddresses(seen: readonly AddressSeen[]): Finding[] {
  const missing = seen
    .filter(({ addresses, wanted }) => !addresses.includes(wanted))
    .map(
      ({ of, wanted, addresses }): Finding => ({
        ...{ checker: "addresses", who: `${of}, inside`, expected: wanted },
        got: addresses.join(" ") || "no address",
      }),
    );
  const shared = seen.flatMap((one, index) =>
    seen.slice(0, index).flatMap((other): Finding[] => {
      const common = one.wanted === other.wanted ? one.wanted : one.mac === other.mac ? one.mac : undefined;
      if (common === undefined) return [];
      const expected = `an address and a MAC of its own, apart from those of ${other.of}`;
      return [{ checker: "addresses", who: one.of, expected, got: `${common} too` }];
    }),
  );
  return [...missing, ...shared];
}

/** What must pass does, and what a rule blocks does not; what is `firm` is to pass at no moment. */
export function checkFlows(table: readonly SeenFlow[], firm: ReadonlySet<Flow> = new Set()): Finding[] {
  return table
    .filter((one) => !isRight(one))
    .map((one): Finding => {
      const finding = { who: describeFlow(one.flow), got: describeSeen(one) };
      if (one.verdict !== "blocked") return { checker: "forwarding", ...finding, expected: one.verdict };
      const forGood = firm.has(one.flow) && hasPassed(one);
      return {
        ...{ checker: "policy", ...finding },
        ...(forGood
          ? { expected: "blocked at any moment, by a rule that was in force", forGood }
          : { expected: "blocked" }),
      };
    });
}

/** Whether something of it was at the other end; what could not even be sent was not. */
function hasPassed({ seen: { state }, arrived = false }: SeenFlow): boolean {
  return arrived || state === "open" || state === "silent";
}

/** Nothing is on a node that was not there before, and nothing is missing. */
export function checkLeftovers(differences: readonly SnapshotDifference[]): Finding[] {
  return differences.map(
    ({ host, kind, change, thing }): Finding => ({
      checker: "leftovers",
      who: `${host}, once all that was made is removed`,
      expected: `its ${kind} as before`,
      got: `${change}: ${thing}`,
    }),
  );
}

/** `names: c-1 asking for c-2: expected 10.1.2.3, got no address`. */
export function describeFinding({ checker, who, expected, got }: Finding): string {
  return `${checker}: ${who}: expected ${expected}, got ${got}`;
}
