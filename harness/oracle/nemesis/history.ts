import { z } from "zod";
import { checkers } from "./checks.ts";
import { type Disturbing, places, wires } from "./schedule.ts";

const place = z.enum(places);
const wire = z.enum(wires);
const moment = z.number().int().nonnegative();

const disturbing = z.union([
  z.object({ kind: z.enum(["cut", "loss", "delay"]), wire, node: place }),
  z.object({ kind: z.literal("one way"), wire, node: place, direction: z.enum(["in", "out"]) }),
  z.object({ kind: z.enum(["engine killed", "plugin killed", "clock jump"]) }),
  z.object({ kind: z.literal("node gone"), givenUp: z.boolean() }),
]);

const scheduleSchema = z.object({
  disturbances: z.array(z.object({ what: disturbing, from: moment, to: moment })).readonly(),
  changes: z
    .array(
      z.object({
        change: z.enum(["start near", "start far", "end near", "end far", "close port", "open port"]),
        at: moment,
      }),
    )
    .readonly(),
});

/** Where something happened: to one of the two nodes, to the plugin; what users changed, and what was looked at. */
export const lanes = [...places, "plugin", "changes", "looks"] as const;
export type HistoryLane = (typeof lanes)[number];

/** Whom a disturbance is done to. */
export function laneOf(what: Disturbing): HistoryLane {
  if (what.kind === "plugin killed") return "plugin";
  return "node" in what ? what.node : "far";
}

const eventSchema = z.object({
  lane: z.enum(lanes),
  /** Milliseconds since the epoch. */
  at: z.number(),
  /** Of a disturbance: from before it began until it had ended. */
  durationMs: z.number(),
  what: z.string(),
  /**
   * `wrong`: it is not as it must be; `refused`: somebody said no, which is allowed while something is disturbed; `disturbed`: a disturbance
   * that lasted for that time.
   */
  came: z.enum(["done", "right", "wrong", "refused", "disturbed"]),
  details: z.string().optional(),
});

const findingSchema = z.object({
  checker: z.enum(checkers),
  who: z.string(),
  expected: z.string(),
  got: z.string(),
  /** That it is right again makes no difference. */
  forGood: z.literal(true).optional(),
});

/** Everything that was done and seen in the play of one schedule. */
export const historySchema = z.object({
  seed: z.number().int(),
  driver: z.string(),
  /** Names of the nodes that are near and far. */
  nodes: z.object({ near: z.string(), far: z.string() }),
  schedule: scheduleSchema,
  events: z.array(eventSchema).readonly(),
  /** Milliseconds from the end of the last disturbance until everything was right; absent where it never was. */
  healedMs: z.number().optional(),
  findings: z.array(findingSchema).readonly(),
});

export type History = z.infer<typeof historySchema>;
export type HistoryEvent = z.infer<typeof eventSchema>;
