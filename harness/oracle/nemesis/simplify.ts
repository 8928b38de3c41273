import { type Disturbance, type Disturbing, isPlayable, type Schedule } from "./schedule.ts";

/** Schedules that are simpler than this one by one step and can be played, those that leave most out first. */
export function simplerSchedules(schedule: Schedule): Schedule[] {
  const { disturbances, changes } = schedule;
  const candidates: Schedule[] = [
    ...(changes.length > 1 ? [{ disturbances, changes: [] }] : []),
    ...disturbances.map((_, index) => ({ changes, disturbances: disturbances.toSpliced(index, 1) })),
    ...changes.map((_, index) => ({ disturbances, changes: changes.toSpliced(index, 1) })),
    ...disturbances.flatMap((one, index) =>
      simplerDisturbances(one).map((simpler) => ({
        changes,
        disturbances: disturbances.with(index, simpler),
      })),
    ),
  ];
  return candidates.filter(isPlayable);
}

function simplerDisturbances(one: Disturbance): Disturbance[] {
  const { what, from, to } = one;
  return [
    ...(to > from + 1 ? [{ ...one, to: from + 1 }] : []),
    ...simplerDisturbing(what).map((simpler) => ({ ...one, what: simpler })),
  ];
}

/** A wire that is cut says more plainly what is wrong than one on which something passes. */
function simplerDisturbing(what: Disturbing): Disturbing[] {
  switch (what.kind) {
    case "one way":
    case "loss":
      return [{ kind: "cut", wire: what.wire, node: what.node }];
    case "node gone":
      return what.givenUp ? [{ kind: "node gone", givenUp: false }] : [];
    default:
      return [];
  }
}
