import { firstLineOf } from "#harness/core/text/lines.ts";
import type { PolicyCase } from "#harness/oracle/cases/case.ts";
import { smallerCases } from "#harness/oracle/cases/shrink.ts";
import { shrink } from "#harness/oracle/shrink.ts";
import type { Played, Player } from "./player.ts";

/** On a machine that is busy a whole table may be answered late, again and again. */
const settleMs = 20_000;
/** Whether a smaller case differs decides what is told, and not whether the case failed. */
const settleAgainMs = 2_000;
const shrinkMs = 60_000;

/** What playing many cases came to. */
export interface Campaign {
  /** Cases that ended, in their order. */
  readonly played: readonly Played[];
  /** The first case that differed, from 0. */
  readonly failed?: { readonly index: number; readonly played: Played };
}

/** Plays the cases in their order, by as many players as there are, until one differs. */
export async function playAll(players: readonly Player[], cases: readonly PolicyCase[]): Promise<Campaign> {
  const results: Played[] = [];
  let next = 0;
  let stopped = false;
  const work = async (player: Player) => {
    while (!stopped && next < cases.length) {
      const index = next++;
      results[index] = await player.play(cases[index]!, { settleMs });
      if (results[index].wrong.length > 0) stopped = true;
    }
  };
  const ends = await Promise.allSettled(
    players.map((player) =>
      work(player).catch((error: unknown) => {
        stopped = true;
        throw error;
      }),
    ),
  );
  const broken = ends.find((end) => end.status === "rejected");
  if (broken) throw broken.reason;
  const index = results.findIndex((one) => one !== undefined && one.wrong.length > 0);
  const played = results.filter((one) => one !== undefined);
  const failed = results[index];
  return failed ? { played, failed: { index, played: failed } } : { played };
}

/** A case that differs, as small as it became. */
export interface Smallest {
  readonly played: Played;
  /** How it became so small, or why not. */
  readonly told: string;
}

/**
 * Makes a case that differs smaller as long as there is time, on players whose fields have seen no rule: `another` makes one, and is
 * asked again where a field did not get rid of a case. What goes wrong with that hides no failure: it is told with it.
 */
export async function makeSmaller(failed: Played, another: () => Promise<Player>): Promise<Smallest> {
  const end = performance.now() + shrinkMs;
  let player: Player | undefined;
  let played = failed;
  const fails = async (given: PolicyCase) => {
    player ??= await another();
    const smaller = await player.play(given, { settleMs: settleAgainMs });
    if (smaller.wrong.length === 0) return false;
    played = smaller;
    if (!(await player.isClear())) player = undefined;
    return true;
  };
  try {
    if (!(await fails(failed.given)))
      return { played, told: "which differs after the cases before it alone" };
    const { tries, complete } = await shrink(failed.given, {
      simpler: smallerCases,
      fails,
      more: () => performance.now() < end,
    });
    return { played, told: `made smaller in ${tries} tries${complete ? "" : " until time was over"}` };
  } catch (error) {
    const reason = error instanceof Error ? firstLineOf(error.message) : String(error);
    return { played, told: `which could not be made smaller any further: ${reason}` };
  }
}
