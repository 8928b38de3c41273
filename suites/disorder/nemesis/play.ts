import { readClusterSnapshot, type SnapshotDifference, settle } from "#harness/cluster/snapshot/snapshot.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import {
  didNotCome,
  HarnessError,
  messageOf,
  Nonconformance,
  NotGone,
  ProbeFailed,
} from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import { checkLeftovers, describeFinding, type Finding } from "#harness/oracle/nemesis/checks.ts";
import {
  type History,
  type HistoryEvent,
  type HistoryLane,
  laneOf,
} from "#harness/oracle/nemesis/history.ts";
import {
  type Change,
  type Disturbing,
  describeChange,
  describeDisturbing,
  type Place,
  type Schedule,
  stepsOf,
} from "#harness/oracle/nemesis/schedule.ts";
import { silences } from "#harness/oracle/nemesis/shown.ts";
import { begin } from "./disturb.ts";
import { type CameBack, Field, placesOf } from "./field.ts";
import { everything, invariants, type Promised, promisedBy, settled } from "./looks.ts";

/** By then everything must be right again when nothing is disturbed any more, and what must hold at any time, at any time. */
export const healMs = 30_000;
/** Until everybody of a new field reaches everybody. */
const readyMs = 60_000;
/** As the chapters' own, for what engines tear down a little after they have answered. */
const goneMs = 20_000;

/** What a schedule is played on. */
export type PlayContext = ChapterContext & { readonly scope: Scope };

/**
 * Plays one schedule on a field of its own, and has `keep` keep everything that was done and seen, also where it cannot be played to its end.
 * Resolves to the same.
 */
export async function play(
  test: PlayContext,
  { seed, schedule }: { readonly seed: number; readonly schedule: Schedule },
  keep: (history: History) => void,
): Promise<History> {
  const nodes = placesOf(test.cluster);
  const playing = new Play(schedule, promisedBy(test.declaration));
  const told = (): History => ({
    ...{ seed, driver: test.declaration.name, schedule },
    nodes: { near: nodes.near.name, far: nodes.far.name },
    events: playing.events.toSorted((one, other) => one.at - other.at),
    ...(playing.healedMs === undefined ? {} : { healedMs: playing.healedMs }),
    findings: playing.findings,
  });
  try {
    const before = await readClusterSnapshot(test.cluster);
    const scope = test.scope.child(`the play of seed ${seed}`);
    await playing.run({ ...test, scope }).catch(async (error: unknown) => {
      // What cannot be removed now hides nothing of why.
      await scope.close().catch(() => {});
      throw error;
    });
    await playing.note("looks", "everything is removed", () => removed(scope, playing));
    const differences = await playing.note(
      "looks",
      "nothing is left on the nodes",
      () => settle(test.cluster, before, goneMs),
      (left) => (left.length === 0 ? { came: "right" } : { came: "wrong", details: describeLeft(left) }),
    );
    playing.findings.push(...checkLeftovers(differences));
    return told();
  } finally {
    keep(told());
  }
}

/** What the plugin does not let go is a finding, and what is left is looked for all the same. */
async function removed(scope: Scope, { findings }: Play): Promise<void> {
  await scope.close().catch((error: unknown) => {
    if (!(error instanceof NotGone)) throw error;
    const who = "what was made, when it was removed";
    findings.push({
      checker: "leftovers",
      who,
      expected: "all of it to go",
      got: firstLineOf(error.message),
    });
  });
}

function describeLeft(differences: readonly SnapshotDifference[]): string {
  return checkLeftovers(differences).map(describeFinding).join("\n");
}

type Came = Pick<HistoryEvent, "came" | "details">;

/** A disturbance that lasts until its scope closes. */
interface UnderWay {
  readonly scope: Scope;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** What was seen of it. */
  readonly seen: string;
}

class Play {
  readonly events: HistoryEvent[] = [];
  readonly findings: Finding[] = [];
  healedMs: number | undefined;
  readonly #schedule: Schedule;
  readonly #promised: Promised;
  /** Those that are under way, by their place in the schedule. */
  readonly #underWay = new Map<number, UnderWay>();
  /** When the last one ended; until then nothing has. */
  #lastEnd = Number.NEGATIVE_INFINITY;

  constructor(schedule: Schedule, promised: Promised) {
    this.#schedule = schedule;
    this.#promised = promised;
  }

  /** Notes when that was, and what came of it. */
  async note<T>(
    lane: HistoryLane,
    what: string,
    work: () => Promise<T>,
    tell: (result: T) => Came = () => ({ came: "done" }),
  ): Promise<T> {
    const at = Date.now();
    const begun = performance.now();
    const event = (came: Came) =>
      this.events.push({ lane, at, durationMs: Math.round(performance.now() - begun), what, ...came });
    try {
      const result = await work();
      event(tell(result));
      return result;
    } catch (error) {
      event({ came: "wrong", details: messageOf(error) });
      throw error;
    }
  }

  async run(test: PlayContext): Promise<void> {
    const field = await this.note("looks", "a network with four containers is made", () => Field.make(test));
    const [first] = await this.#look(
      "everybody reaches everybody",
      readyMs,
      everything(field, this.#promised),
    );
    if (first) throw new ProbeFailed(`before anything was disturbed, ${describeFinding(first)}`);
    for (const step of stepsOf(this.#schedule)) {
      if (step.do === "change") await this.#change(field, step.change);
      else if (step.do === "look") await this.#lookMeanwhile(field);
      else if (step.do === "begin") await this.#begin(test, field, step.disturbance);
      else await this.#end(field, step.disturbance);
      // What it let through is told; whether it heals as well is another question.
      if (this.findings.length > 0) break;
    }
    for (const index of [...this.#underWay.keys()]) await this.#end(field, index);
    if (this.findings.length > 0) return;
    const begun = performance.now();
    const found = await this.#look("everything is right again", healMs, everything(field, this.#promised));
    this.findings.push(...found);
    if (found.length === 0) this.healedMs = Math.round(performance.now() - begun);
  }

  async #look(
    what: string,
    deadlineMs: number,
    look: ReturnType<typeof everything>,
  ): Promise<readonly Finding[]> {
    const { findings } = await this.note(
      "looks",
      what,
      () => settled(what, deadlineMs, look),
      (seen) => ({
        came: seen.findings.length === 0 ? "right" : "wrong",
        details: [seen.told, ...seen.findings.map(describeFinding)].join("\n"),
      }),
    );
    return findings;
  }

  async #lookMeanwhile(field: Field): Promise<void> {
    const look = invariants(
      field,
      this.#promised,
      this.#lasts((what) => what.kind === "node gone" && what.givenUp),
    );
    this.findings.push(...(await this.#look("what must hold at any time", healMs, look)));
  }

  #lasts(wanted: (what: Disturbing) => boolean): boolean {
    return [...this.#underWay.keys()].some((index) => wanted(this.#schedule.disturbances[index]!.what));
  }

  async #begin(test: PlayContext, field: Field, index: number): Promise<void> {
    const { what } = this.#schedule.disturbances[index]!;
    const told = describeDisturbing(what);
    if (endsFar(what)) await field.leave("far");
    const scope = test.scope.child(told);
    const at = Date.now();
    try {
      const silent = this.#lasts(silences);
      const { nodes, ends } = field;
      const seen = await begin(scope, what, { nodes, driver: test.driver, ends, silent });
      this.#underWay.set(index, { scope, at, seen });
    } catch (error) {
      this.#tell(what, at, { came: "wrong", details: String(error) });
      throw error;
    }
  }

  async #end(field: Field, index: number): Promise<void> {
    const { what } = this.#schedule.disturbances[index]!;
    const underWay = this.#underWay.get(index);
    if (!underWay) throw new HarnessError(`disturbance ${index} is not under way`);
    this.#underWay.delete(index);
    const { scope, at, seen } = underWay;
    const ending = Date.now();
    // What else is disturbed, or was a moment ago, may keep an engine from starting its containers.
    const alone = this.#underWay.size === 0 && performance.now() - this.#lastEnd > scaled(healMs);
    try {
      await scope.close();
      const { byHand, findings } = endsFar(what) ? await field.comeBack("far", alone) : noneCame;
      this.findings.push(...findings);
      const ended = `ended in ${Date.now() - ending} ms`;
      const started = byHand.length > 0 ? [`started by hand: ${byHand.join(" ")}`] : [];
      const details = [seen, ended, ...started, ...findings.map(describeFinding)].join("\n");
      this.#tell(what, at, { came: findings.length > 0 ? "wrong" : "disturbed", details });
      this.#lastEnd = performance.now();
    } catch (error) {
      this.#tell(what, at, { came: "wrong", details: `${seen}\nnot ended: ${error}` });
      throw error;
    }
  }

  #tell(what: Disturbing, at: number, came: Came): void {
    this.events.push({
      ...{ lane: laneOf(what), at, durationMs: Date.now() - at },
      ...{ what: describeDisturbing(what), ...came },
    });
  }

  /**
   * What is refused while something is disturbed is not done, and that is all. What is refused when nothing is disturbed any more is asked for
   * again until everything must be right. An engine removes a container whatever a plugin says, so that one that stays is wrong at any time.
   */
  async #change(field: Field, change: Change): Promise<void> {
    let refusal = await this.#ask(field, change);
    const isFinal = () => !refusal || refusal instanceof NotGone;
    if (!refusal || (!isFinal() && this.#underWay.size > 0)) return;
    const leftMs = healMs - (performance.now() - this.#lastEnd) / scaled(1);
    if (!isFinal() && leftMs > 0) {
      const what = `${describeChange(change)}, once everything is right again`;
      await until({ what, deadlineMs: leftMs, everyMs: 1_000 }, async () => {
        refusal = await this.#ask(field, change);
        return isFinal();
      }).catch(unlessLate);
    }
    if (!refusal) return;
    this.events.push({ ...this.events.pop()!, came: "wrong" });
    const got = firstLineOf(refusal.message);
    this.findings.push({ checker: "changes", who: describeChange(change), expected: "to be done", got });
  }

  /** Resolves to what it was refused with. */
  async #ask(field: Field, change: Change): Promise<Nonconformance | undefined> {
    try {
      await this.note("changes", describeChange(change), () => carryOut(field, change));
      return undefined;
    } catch (error) {
      if (!(error instanceof Nonconformance)) throw error;
      this.events.push({ ...this.events.pop()!, came: "refused" });
      return error;
    }
  }
}

/** What was waited for has not come; anything else is thrown. */
function unlessLate(error: unknown): void {
  if (!didNotCome(error)) throw error;
}

const noneCame: CameBack = { byHand: [], findings: [] };

function endsFar({ kind }: Disturbing): boolean {
  return kind === "engine killed" || kind === "node gone";
}

async function carryOut(field: Field, change: Change): Promise<void> {
  const [, place] = / (near|far)$/.exec(change) ?? [];
  if (change.startsWith("start")) return field.startNewcomer(place as Place);
  if (change.startsWith("end")) return field.endNewcomer(place as Place);
  return field.changeRule(change === "close port" ? "closed" : "open");
}
