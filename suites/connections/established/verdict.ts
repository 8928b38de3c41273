import type { PolicySemantics } from "#drivers/driver.ts";
import { nameOf } from "#harness/conformance/ip-versions/each.ts";
import { Nonconformance, ProbeFailed } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import type { HeldTold } from "#harness/observe/probe/held/connection.ts";
import { type Fate, fateOf } from "#harness/observe/probe/held/fate.ts";
import {
  countIn,
  lastThrough,
  longestGap,
  type Period,
  type Stream,
} from "#harness/observe/probe/held/stream.ts";
import type { Way } from "./field.ts";
import type { OrderGiven } from "./in-turn.ts";

/** Milliseconds after the return of an order within which it must have done to established connections what it does. */
export const dueMs = 1_000;
/** A control that stands still for so long, in milliseconds, says that nobody can tell what is late. */
const busyMs = 500;
const shown = 12;

/** A way as it is told of. */
export type ToldWay = Omit<Way, "connection"> & { readonly connection: Pick<Way["connection"], "name"> };

/** One direction of a way, and what became of it. */
export interface Seen {
  readonly way: ToldWay;
  readonly towards: "there" | "back";
  readonly fate: Fate;
  /** How many lines were sent from `dueMs` after the order's return on, and how many of them arrived. */
  readonly counted: { readonly sent: number; readonly arrived: number };
  /** Milliseconds after the order's return at which the last line that arrived was sent; 0 where that was before it. */
  readonly lastMs: number;
}

/** What became of both directions of a way, of what was sent until `to`. Throws `ProbeFailed` where nobody can tell. */
export function seenOf(
  way: ToldWay,
  told: HeldTold,
  { returned, to }: Pick<OrderGiven, "returned"> & { readonly to: number },
): Seen[] {
  return (["there", "back"] as const).map((towards) => {
    const stream: Stream = told[towards];
    const period: Period = { from: returned + scaled(dueMs), to };
    const fate = fateOf(stream, period, told);
    const counted = countIn(stream, period);
    if (fate === undefined) {
      throw new ProbeFailed(
        `${way.connection.name} over ${nameOf(way.version)}, ${towards}: only ${counted.sent} lines were sent in ${Math.round(to - period.from)} ms, from which nothing can be concluded`,
        { hint: "the machine is too busy; run it again with less beside it" },
      );
    }
    const lastMs = Math.max(0, Math.round((lastThrough(stream) ?? returned) - returned));
    return { way, towards, fate, counted, lastMs };
  });
}

/**
 * Throws `ProbeFailed` where controls stood still since the first order, and nothing that was to be cut went on for longer than that excuses: then
 * what is late may be the machine's.
 */
export function refuseBusy(controls: readonly HeldTold[], seen: readonly Seen[], from: number): void {
  const gaps = controls.flatMap(({ there, back, lookedAt }) =>
    [there, back].map((stream) => longestGap(stream, { from, to: lookedAt }, lookedAt)?.ms ?? 0),
  );
  const ms = Math.max(...gaps);
  const longest = Math.max(...seen.filter(({ fate }) => fate !== "cut").map(({ lastMs }) => lastMs));
  if (ms < scaled(busyMs) || longest > scaled(dueMs) + 2 * ms) return;
  throw new ProbeFailed(
    `connections that no rule binds stood still for ${Math.round(ms)} ms while rules changed, so that nobody can tell what is late`,
    { hint: "the machine is too busy; run it again with less beside it" },
  );
}

/** `cut`, `kept`, or how many of each. */
export function describeFates(seen: readonly Seen[]): string {
  const counts = Object.entries(Object.groupBy(seen, ({ fate }) => fate));
  const [[only] = []] = counts;
  return counts.length === 1 && only
    ? only
    : counts.map(([fate, own]) => `${own?.length ?? 0} ${fate}`).join(", ");
}

/** What is not as declared, as a failure; `undefined` where everything is. Throws `ProbeFailed` where nothing was seen. */
export function judge(
  seen: readonly Seen[],
  declared: NonNullable<PolicySemantics["established"]>,
  change: string,
): Nonconformance | undefined {
  if (seen.length === 0) throw new ProbeFailed("no connection was open, so that nothing was seen");
  const wanted: Fate = declared === "cut" ? "cut" : "kept";
  const wrong = seen.filter(({ fate }) => fate !== wanted);
  const [first] = wrong;
  if (!first) return undefined;
  return new Nonconformance({
    who: `${first.way.connection.name} over ${nameOf(first.way.version)}, ${describePlace(first)}, after ${change}`,
    expected: `${wanted} within ${scaled(dueMs)} ms of the order's return, as the driver declares`,
    got: `${describeCounted(first)}${wrong.length > 1 ? `, and ${wrong.length - 1} more of ${seen.length} differ` : ""}`,
    evidence: [
      ...wrong.slice(0, shown).map((one) => {
        const { direction, protocol } = one.way.subject;
        return `  ${protocol} over ${nameOf(one.way.version)}, rule for ${direction}, member on ${describePlace(one)}: ${describeCounted(one)}`;
      }),
      ...(wrong.length > shown ? [`  and ${wrong.length - shown} more`] : []),
    ].join("\n"),
  });
}

function describePlace({ way, towards }: Seen): string {
  return `${way.place}, ${towards === "there" ? "from who opened it" : "to who opened it"}`;
}

function describeCounted({ fate, counted: { sent, arrived }, lastMs }: Seen): string {
  return `${fate}: ${arrived} of ${sent} lines that were sent later than that arrived, the last one sent ${lastMs} ms after the return`;
}
