import { allEnded } from "#harness/core/async/all-ended.ts";
import { sayHowFar } from "#harness/core/async/how-far.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import type { PolicyCase } from "#harness/oracle/cases/case.ts";
import { smallerCases, suspects } from "#harness/oracle/cases/shrink.ts";
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
  /** The first case that differed. */
  readonly failed?: Played;
}

/** A case in which nothing happens, but that it is looked for what stayed of others. */
const nothing: PolicyCase = { order: "plain", rules: [], earlier: [] };

/** Plays the cases in their order, by as many players as there are, until one differs; in the end it is looked what stayed of all of them. */
export async function playAll(players: readonly Player[], cases: readonly PolicyCase[]): Promise<Campaign> {
  const results: Played[] = [];
  const ends: Played[] = [];
  let next = 0;
  let stopped = false;
  const work = async (player: Player) => {
    while (!stopped && next < cases.length) {
      const index = next++;
      sayHowFar(index, cases.length, "cases");
      results[index] = await player.play(cases[index]!, { settleMs });
      if (results[index].wrong.length > 0) stopped = true;
    }
    if (!stopped) ends.push(await player.play(nothing, { settleMs, thorough: true }));
  };
  await allEnded(
    players.map((player) =>
      work(player).catch((error: unknown) => {
        stopped = true;
        throw error;
      }),
    ),
  );
  const played = results.filter((one) => one !== undefined);
  const failed = [...played, ...ends].find(({ wrong }) => wrong.length > 0);
  return failed ? { played, failed } : { played };
}

/** A case that differs, as small as it became. */
export interface Smallest {
  readonly played: Played;
  /** The case that was made smaller. */
  readonly of: PolicyCase;
  /** How it became so small, or why not. */
  readonly told: string;
}

/**
 * Makes a case that differs smaller as long as there is time, on players whose fields have seen no rule: `another` makes one, and is
 * asked again where a field did not get rid of a case. Where the case does not differ by itself, those before it are tried, of which
 * something may have stayed. What goes wrong with that hides no failure: it is told with it.
 */
export async function makeSmaller(failed: Played, another: () => Promise<Player>): Promise<Smallest> {
  const end = performance.now() + shrinkMs;
  const more = () => performance.now() < end;
  let player: Player | undefined;
  let smallest: Omit<Smallest, "told"> = { played: failed, of: failed.given };
  // What a busy machine answers late at another moment is another thing, and not the same made smaller.
  const failing = async (given: PolicyCase, thorough: boolean, at: readonly Played["when"][]) => {
    player ??= await another();
    const played = await player.play(given, { settleMs: settleAgainMs, thorough });
    if (played.wrong.length === 0) return undefined;
    if (!(await player.isClear()) || thorough) player = undefined;
    return at.includes(played.when) ? played : undefined;
  };
  try {
    for (const [index, of] of suspects(failed.given, failed.since, failed.when !== "before").entries()) {
      if (!more())
        return { ...smallest, told: "not all of what may be its reason was tried until time was over" };
      // What is in force differs at once; what stays of a case may show when everything is closed alone.
      const thorough =
        index > 0 || failed.when === "before" || failed.when === "closed" || failed.when === "open again";
      const at = of === failed.given ? [failed.when] : (["gone", "closed", "open again"] as const);
      const played = await failing(of, thorough, at);
      if (!played) continue;
      smallest = { played, of };
      const { tries, complete } = await shrink(of, {
        simpler: smallerCases,
        fails: async (given) => {
          const smaller = await failing(given, thorough, [played.when]);
          if (smaller) smallest = { played: smaller, of };
          return smaller !== undefined;
        },
        more,
      });
      return { ...smallest, told: `made smaller in ${tries} tries${complete ? "" : " until time was over"}` };
    }
    return { ...smallest, told: "which differs after the cases before it alone" };
  } catch (error) {
    const reason = error instanceof Error ? firstLineOf(error.message) : String(error);
    return { ...smallest, told: `which could not be made smaller any further: ${reason}` };
  }
}
