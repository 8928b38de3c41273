import type { HeldTold } from "./connection.ts";
import { countIn, type Period, type Stream } from "./stream.ts";

/**
 * What became of one direction of a connection: nothing of what was sent arrived, all of it, or some; `gone before` where nothing arrived
 * already before that which was to do something to it.
 */
export type Fate = "cut" | "kept" | "in part" | "gone before";

/** A datagram may be lost on any network. */
const keptShare = 0.9;
/** From fewer lines than that nothing is concluded. */
const enough = 5;

/** The time directly before that which may do something to a connection, and the one from which it must have done so. */
export interface FatePeriods {
  readonly before: Period;
  readonly after: Period;
}

/**
 * What became of what one end sent `after`; `undefined` where that end, on a connection that is up, sent too little to tell: then who sends was
 * kept from it by a busy machine.
 */
export function fateOf(
  stream: Stream,
  { before, after }: FatePeriods,
  { ended }: Pick<HeldTold, "ended">,
): Fate | undefined {
  if (countIn(stream, before).arrived === 0) return "gone before";
  const { sent, arrived } = countIn(stream, after);
  if (arrived === 0 && ended !== undefined) return "cut";
  if (sent < enough) return undefined;
  if (arrived === 0) return "cut";
  return arrived >= keptShare * sent ? "kept" : "in part";
}
