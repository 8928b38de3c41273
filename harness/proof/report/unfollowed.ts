import type { Fault } from "#harness/proof/fault.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";

const listed = "what the engines or the plugin list is compared, and no packet is asked for";
const inside = "interfaces, addresses and rules are read, and no packet is asked for";
const refused = "what is refused, and in which words, is judged, and no packet is asked for";
const captured = "frames on the wire are judged, and the packet that they carry arrives";
const routed = "the routes, sessions and counters of routers and speakers are read";
const left = "what is left on the nodes is compared";
const started = "whether a container starts, and with what, is judged";
const crowded = "hundreds of attempts are made at once, in a moment that does not come back";

/**
 * Requirements whose failure is not followed on its way: no check of whether something is reached fails in them that could be sent once
 * more. With the reason.
 */
const unfollowed: Readonly<Partial<Record<RequirementId, string>>> = {
  S1: listed,
  S3: "nodes ask each other by their own ping, before there is anything of a driver",
  S5: left,
  B1: listed,
  B2: inside,
  B3: inside,
  B5: inside,
  B7: inside,
  M1: listed,
  M3: inside,
  M6: captured,
  M7: listed,
  X1: inside,
  X4: inside,
  E1: captured,
  E4: captured,
  V1: listed,
  V3: captured,
  V5: refused,
  V5b: refused,
  P1: listed,
  P2: inside,
  P10: refused,
  P10b: refused,
  P12: started,
  T1: listed,
  T2: refused,
  T3: refused,
  T6: captured,
  T7: refused,
  T7b: refused,
  W1: listed,
  W2: listed,
  W4: listed,
  G1: routed,
  G2: routed,
  G4: routed,
  G5: routed,
  G6: routed,
  G7: routed,
  G8: routed,
  G9: routed,
  G10: routed,
  G11: routed,
  R1: "what engines and plugin say to each other is judged",
  R2: started,
  R3: left,
  R4: left,
  R7b: started,
  R8: started,
  R10: started,
  H1: "the lines of connections that are held are judged, and a new connection is another one",
  H2: "the lines of connections that are held are judged, and what stood still goes on by itself",
  H2b: "the lines of connections that are held are judged, and what stood still goes on by itself",
  D1: crowded,
  D3: crowded,
  D3b: crowded,
  D3c: crowded,
  D3d: crowded,
  D3e: crowded,
  D5: crowded,
  D6: crowded,
  D6b: crowded,
  D7: "how long a rule takes is judged, and what gets through until then is as it was before",
  D8: left,
  D8b: started,
  C1: left,
  C2: left,
};

/** What a fault of a chapter says of the hop on which its packets are lost, or get through. */
export type HopStanding =
  /** The failure must tell it. */
  | "named"
  /** It has none, with the reason beside the fault. */
  | "none"
  /** Nothing that must detect it is followed. */
  | "unfollowed";

/** `undefined` where a fault says neither and something that must detect it is followed: that is a gap. */
export function hopStandingOf({ hop, detectedBy }: Fault<"chapters">): HopStanding | undefined {
  if (hop !== undefined) return "none" in hop ? "none" : "named";
  return detectedBy.every((id) => unfollowed[id] !== undefined) ? "unfollowed" : undefined;
}

/** Requirements that are said not to be followed. */
export const unfollowedRequirements = Object.keys(unfollowed) as RequirementId[];
