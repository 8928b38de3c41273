import { nameOf } from "#harness/conformance/ip-versions/each.ts";
import { Nonconformance, ProbeFailed } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import type { HeldConnection, HeldSpec, HeldTold } from "#harness/observe/probe/held/connection.ts";
import { longestGap, type Period } from "#harness/observe/probe/held/stream.ts";
import type { HeldWay } from "./field.ts";

/** Controls that stand still for so long, in milliseconds, say that nobody can tell who was late. */
const busyMs = 200;
const shown = 12;

/** A way as it is told of. */
export interface ToldWay extends Omit<HeldWay, "connection"> {
  readonly connection: Pick<HeldConnection, "name"> & { readonly spec: Pick<HeldSpec, "protocol"> };
}

/** What became of a way. */
export interface Seen extends ToldWay {
  /** The longest that either direction stood still, in whole milliseconds; of one that carries nothing any more until it was looked at. */
  readonly gapMs: number;
  /** How it ended, where it did: datagrams never do. */
  readonly ended?: string;
  /** It is up, and carries nothing any more. */
  readonly silent: boolean;
}

/** What became of a way, of what was sent in the period. `silent`: it carried nothing later than that. */
export function seenOf(way: ToldWay, told: HeldTold, period: Period, silent: boolean): Seen {
  const { ended } = told;
  return {
    ...way,
    gapMs: gapOf(told, period),
    ...(ended === undefined ? { silent } : { ended, silent: false }),
  };
}

/** The longest gap of both directions in the period, in whole milliseconds. Throws `ProbeFailed` where an end sent nothing then. */
export function gapOf({ there, back, lookedAt }: HeldTold, period: Period): number {
  const gaps = [there, back].map((stream) => longestGap(stream, period, lookedAt)?.ms);
  if (gaps.includes(undefined)) {
    const hint = "the machine is too busy; run it again with less beside it";
    throw new ProbeFailed("an end of a held connection sent nothing while it was looked at", { hint });
  }
  return Math.round(Math.max(...gaps.map((ms) => ms ?? 0)));
}

/** The longest gap in milliseconds, by protocol, IP version and place; beside it in words what does not go on. */
export function factsOf(seen: readonly Seen[]): Record<string, number | string> {
  const alike = Object.groupBy(
    seen,
    ({ place, version, connection: { spec } }) => `${spec.protocol} over ${nameOf(version)} ${place}`,
  );
  return Object.fromEntries(
    Object.entries(alike).flatMap(([what, own = []]): [string, number | string][] => {
      const over = own.find(isOver);
      return [
        [`${what}, longest gap ms`, Math.max(...own.map(({ gapMs }) => gapMs))],
        ...(over ? [[what, describe(over)] as [string, string]] : []),
      ];
    }),
  );
}

/**
 * What is not as declared, as a failure; `undefined` where everything is. `during`: what was restarted, for people. Throws `ProbeFailed` where nothing
 * was seen.
 */
export function judge(seen: readonly Seen[], budgetMs: number, during: string): Nonconformance | undefined {
  if (seen.length === 0) throw new ProbeFailed("no connection was open, so that nothing was seen");
  const wrong = seen.filter((one) => isOver(one) || one.gapMs > scaled(budgetMs));
  const [first] = wrong;
  if (!first) return undefined;
  return new Nonconformance({
    who: `${describeWay(first)}, while ${during}`,
    expected: `to go on, and never to stand still for more than ${scaled(budgetMs)} ms, as the driver declares`,
    got: `${describe(first)}${wrong.length > 1 ? `, and ${wrong.length - 1} more of ${seen.length} differ` : ""}`,
    evidence: [
      ...wrong.slice(0, shown).map((one) => `  ${describeWay(one)}: ${describe(one)}`),
      ...(wrong.length > shown ? [`  and ${wrong.length - shown} more`] : []),
    ].join("\n"),
  });
}

/**
 * Throws `ProbeFailed` where the controls stood still meanwhile, and nothing else is wrong than gaps which that explains: then they may be the
 * machine's.
 */
export function refuseBusy(controlMs: number, seen: readonly Seen[], budgetMs: number): void {
  if (controlMs < scaled(busyMs) || seen.some(isOver)) return;
  if (Math.max(...seen.map(({ gapMs }) => gapMs)) > scaled(budgetMs) + 2 * controlMs) return;
  throw new ProbeFailed(
    `connections that nothing of this touches stood still for ${controlMs} ms meanwhile, so that nobody can tell who was late`,
    { hint: "the machine is too busy; run it again with less beside it" },
  );
}

function isOver({ ended, silent }: Seen): boolean {
  return ended !== undefined || silent;
}

function describeWay({ place, version, connection }: ToldWay): string {
  return `${connection.name} over ${nameOf(version)}, ${place}`;
}

function describe({ gapMs, ended, silent }: Seen): string {
  if (ended !== undefined) return `it ended: ${ended}`;
  return silent ? "nothing was carried any more" : `nothing was carried for ${gapMs} ms`;
}
