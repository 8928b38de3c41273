import type { HeldTold } from "./connection.ts";
import { countIn, type Period, type Stream } from "./stream.ts";

/** What became of one direction of a connection: nothing of what was sent arrived, all of it, or some. */
export type Fate = "cut" | "kept" | "in part";

/** A datagram may be lost on any network. */
const keptShare = 0.9;
/** From fewer lines than that nothing is concluded. */
const enough = 5;

/**
 * What became of what one end of a connection that carried lines until then sent in a period; `undefined` where that end, on a connection that
 * is up, sent too little to tell: then who sends was kept from it by a busy machine.
 */
export function fateOf(stream: Stream, period: Period, { ended }: Pick<HeldTold, "ended">): Fate | undefined {
  const { sent, arrived } = countIn(stream, period);
  if (arrived === 0 && ended !== undefined) return "cut";
  if (sent < enough) return undefined;
  if (arrived === 0) return "cut";
  return arrived >= keptShare * sent ? "kept" : "in part";
}
