import { pick } from "#harness/core/choice/pairwise.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { seededRandom } from "#harness/core/random.ts";
import {
  type Change,
  type ChangeAt,
  type Disturbance,
  type DisturbanceKind,
  type Disturbing,
  isPlayable,
  lastMoment,
  places,
  type Schedule,
  wires,
} from "./schedule.ts";

/** What a driver and its cluster allow. */
export interface Possible {
  /** At least one. */
  readonly kinds: readonly DisturbanceKind[];
  /** Whether a node that is gone can be given up. */
  readonly givingUp: boolean;
  /** Whether there are rules to change. */
  readonly policy: boolean;
}

const mostDisturbances = 3;
/** Of so many draws nearly each second one can be played. */
const mostDraws = 1_000;

const pairsOfChanges: readonly (readonly Change[])[] = [
  [],
  ["start near"],
  ["start far"],
  ["start near", "end near"],
  ["start far", "end far"],
  ["close port"],
  ["close port", "open port"],
  ["start near", "close port"],
  ["close port", "start far"],
];

/** The schedule of a seed. Seeds that follow each other have each kind of disturbance in turn. Throws `HarnessError` where nothing is possible. */
export function generateSchedule(seed: number, possible: Possible): Schedule {
  const random = seededRandom(seed);
  const first = possible.kinds[seed % possible.kinds.length];
  if (first === undefined) throw new HarnessError("no disturbance is possible");
  for (let draw = 0; draw < mostDraws; draw += 1) {
    const schedule = drawSchedule(first, possible, random);
    if (isPlayable(schedule)) return schedule;
  }
  throw new HarnessError(`seed ${seed} makes no schedule that can be played`);
}

function drawSchedule(first: DisturbanceKind, possible: Possible, random: () => number): Schedule {
  const more = Math.floor(random() * mostDisturbances);
  const kinds = [first, ...Array.from({ length: more }, () => pick(possible.kinds, random))];
  const disturbances = kinds.map((kind): Disturbance => {
    const from = Math.floor(random() * lastMoment);
    const to = from + 1 + Math.floor(random() * (lastMoment - from));
    return { what: draw(kind, possible, random), from, to };
  });
  const wanted = pick(
    pairsOfChanges.filter((changes) => possible.policy || !changes.some(isOfRules)),
    random,
  );
  const times = wanted.map(() => Math.floor(random() * (lastMoment + 1))).sort((a, b) => a - b);
  const changes = wanted.map((change, index): ChangeAt => ({ change, at: times[index]! }));
  return { disturbances: disturbances.sort((a, b) => a.from - b.from || a.to - b.to), changes };
}

function draw(kind: DisturbanceKind, { givingUp }: Possible, random: () => number): Disturbing {
  const wire = pick(wires, random);
  const node = pick(places, random);
  switch (kind) {
    case "cut":
    case "loss":
    case "delay":
      return { kind, wire, node };
    case "one way":
      return { kind, wire, node, direction: pick(["in", "out"] as const, random) };
    case "engine killed":
    case "plugin killed":
    case "clock jump":
      return { kind };
    case "node gone":
      return { kind, givenUp: givingUp && random() < 0.5 };
  }
}

function isOfRules(change: Change): boolean {
  return change.endsWith("port");
}
