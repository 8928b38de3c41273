import type { TestTools } from "#harness/conformance/suite/tools.ts";
import { sayHowFar } from "#harness/core/async/how-far.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import { generateSchedule, type Possible } from "#harness/oracle/nemesis/generate.ts";
import type { History } from "#harness/oracle/nemesis/history.ts";
import type { Schedule } from "#harness/oracle/nemesis/schedule.ts";
import { simplerSchedules } from "#harness/oracle/nemesis/simplify.ts";
import { shrink } from "#harness/oracle/shrink.ts";
import { type PlayContext, play } from "./play.ts";

/** Whether a smaller schedule fails decides what is told, and not whether the seed failed. */
const shrinkMs = 240_000;

/** What playing many seeds came to. */
export interface Campaign {
  /** In their order; the last one may have failed. */
  readonly histories: readonly History[];
  /** That of the seed that failed, as small as it became, and how. */
  readonly smallest?: { readonly history: History; readonly told: string };
}

/** Plays the schedules of these seeds one after the other until one fails, and makes that smaller. */
export async function playSeeds(
  test: PlayContext,
  seeds: readonly number[],
  possible: Possible,
  keep: (history: History) => void,
): Promise<Campaign> {
  const histories: History[] = [];
  for (const [index, seed] of seeds.entries()) {
    sayHowFar(index, seeds.length, "schedules");
    const schedule = generateSchedule(seed, possible);
    const history = await play(test, { seed, schedule }, keep);
    histories.push(history);
    if (history.findings.length === 0) continue;
    const smallest = await makeSmaller(test, history);
    // Else a round that follows would begin with a plugin that this one has broken, and end otherwise.
    const broken = await startAnew(test);
    return { histories, smallest: { ...smallest, told: `${smallest.told}${broken}` } };
  }
  return { histories };
}

/** Starts the plugin anew where the driver can; resolves to words on what came in between, and to nothing else. */
async function startAnew({ driver }: PlayContext): Promise<string> {
  try {
    await driver.restart?.();
    return "";
  } catch (error) {
    return `; the plugin did not start again afterwards: ${error instanceof Error ? firstLineOf(error.message) : error}`;
  }
}

async function makeSmaller(test: PlayContext, failed: History): Promise<NonNullable<Campaign["smallest"]>> {
  const end = performance.now() + shrinkMs;
  let history = failed;
  const fails = async (schedule: Schedule) => {
    // What an earlier play broke in the plugin for good would be wrong before anything is disturbed.
    await test.driver.restart?.();
    const again = await play(test, { seed: failed.seed, schedule }, () => {});
    if (again.findings.length === 0) return false;
    history = again;
    return true;
  };
  try {
    const more = () => performance.now() < end;
    const { tries, complete } = await shrink(failed.schedule, { simpler: simplerSchedules, fails, more });
    return { history, told: `made smaller in ${tries} tries${complete ? "" : " until time was over"}` };
  } catch (error) {
    const reason = error instanceof Error ? firstLineOf(error.message) : String(error);
    return { history, told: `which could not be made smaller any further: ${reason}` };
  }
}

/** What is worth telling of many seeds that healed. */
export function factsOf(histories: readonly History[]): Parameters<TestTools["fact"]>[] {
  const kinds = histories.flatMap(({ schedule }) => schedule.disturbances.map(({ what }) => what.kind));
  return [
    ["seeds", histories.length],
    ["disturbances", kinds.length],
  ];
}

/** What of schedules each run has differently: whom a disturbance met in the middle of something, and how long it took to heal. */
export function varyingFactsOf(histories: readonly History[]): Parameters<TestTools["varyingFact"]>[] {
  const healed = histories.flatMap(({ healedMs }) => (healedMs === undefined ? [] : [healedMs]));
  const refused = histories.flatMap(({ events }) => events.filter(({ came }) => came === "refused"));
  return [
    ["changes that were refused meanwhile", refused.length],
    ["slowest to heal, in ms", Math.max(0, ...healed)],
  ];
}
