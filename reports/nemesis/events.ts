import { describeFinding } from "#harness/oracle/nemesis/checks.ts";
import { type History, lanes } from "#harness/oracle/nemesis/history.ts";
import { type Lane, type LaneEvent, testLane } from "#reports/trace/events.ts";

const tones = { done: undefined, right: "good", wrong: "bad", refused: "warn", disturbed: "warn" } as const;

/** The lanes of a history: each node, the plugin, what users changed, what was looked at. */
export function lanesOf({ nodes }: Pick<History, "nodes">): Lane[] {
  const titles = {
    near: `near: ${nodes.near}`,
    far: `far: ${nodes.far}`,
    plugin: "plugin",
    changes: "changes",
    looks: "looks",
  };
  return lanes.map((id) => ({ id, title: titles[id], empty: "nothing" }));
}

/** Everything that was done and seen, in the order of time, and what was wrong at the end. */
export function eventsOf({ events, findings }: History): LaneEvent[] {
  const told = events.map(({ lane, at, durationMs, what, came, details }): LaneEvent => {
    const tone = tones[came];
    return {
      ...{ lane, at, durationMs, title: came === "disturbed" ? what : `${what}: ${came}` },
      ...(details ? { body: details } : {}),
      ...(tone ? { tone } : {}),
    };
  });
  const end = Math.max(0, ...events.map(({ at, durationMs }) => at + durationMs));
  const wrong = findings.map(
    (finding): LaneEvent => ({
      ...{ lane: testLane, at: end, title: describeFinding(finding), tone: "bad" },
    }),
  );
  return [...told.sort((one, other) => one.at - other.at), ...wrong];
}
