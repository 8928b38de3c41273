import { Nonconformance } from "#harness/core/errors.ts";
import { type HeldConnection, tellAll } from "#harness/observe/probe/held/connection.ts";
import { silentAfter, untilCarried } from "#suites/connections/carried.ts";
import type { Field } from "./field.ts";
import { type Change, type Subject, subjects } from "./orders.ts";

/** An order that was given. */
export interface OrderGiven {
  readonly subject: Subject;
  /** When it returned; milliseconds since the epoch, as all times here. */
  readonly returned: number;
}

/** What was ordered, one after the other. */
export interface OrdersGiven {
  readonly given: readonly OrderGiven[];
  /** What stood still although no order before was about it; then no more orders were given. */
  readonly broken?: Nonconformance;
}

/**
 * Gives the orders of a change in turn. Before each of them, and after the last one, everything must carry lines that no order was about
 * yet: what an order does to others is seen as that, and not as what their own order does. Throws `ProbeFailed` where the controls do not.
 */
export async function giveInTurn(field: Field, change: Change, name: string): Promise<OrdersGiven> {
  const { policy, ways, beside, controls } = field;
  const given: OrderGiven[] = [];
  let since = Date.now();
  for (const subject of [...subjects, undefined]) {
    const untouched = ways.filter((way) => !given.some((order) => order.subject === way.subject));
    const others = [...untouched.map(({ connection }) => connection), ...beside];
    await untilCarried(controls, since, "while rules changed");
    const silent = await silentAfter(others, since);
    if (silent.length > 0) {
      const after = given.map((order) => describeSubject(order.subject)).join(", ");
      return { given, broken: await unconcerned(silent, others, `${name}, for ${after || "nothing yet"}`) };
    }
    if (!subject) break;
    await change.order(policy, subject);
    since = Date.now();
    given.push({ subject, returned: since });
  }
  return { given };
}

/** What stands still, or has ended, of what no order concerns. */
export async function unconcerned(
  silent: readonly HeldConnection[],
  all: readonly HeldConnection[],
  after: string,
): Promise<Nonconformance> {
  const told = await tellAll(silent);
  const lines = silent.map(
    ({ name, spec }, index) => `  ${name} (${spec.to.ip}): ${told[index]?.ended ?? "nothing arrives"}`,
  );
  return new Nonconformance({
    who: `${silent[0]?.name}, which no order was about, after ${after}`,
    expected: "lines to go on arriving at both ends, as before the order",
    got: `${told[0]?.ended ?? "nothing any more"}${silent.length > 1 ? `, and ${silent.length - 1} more of ${all.length} such connections stand still` : ""}`,
    evidence: lines.slice(0, shown).join("\n"),
  });
}

const shown = 12;

/** `in tcp`. */
function describeSubject({ direction, protocol }: Subject): string {
  return `${direction} ${protocol}`;
}
