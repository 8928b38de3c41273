/** A session as a speaker tells of it. */
export interface BirdSession {
  /** Name of the protocol in the configuration. */
  readonly protocol: string;
  /** A state of RFC 4271, section 8.2.2, e.g. `Established`, or what BIRD says where there is no session: `down`. */
  readonly state: string;
  /** Since when it is up or not, as BIRD says it. */
  readonly since: string;
}

/** Reads `birdc show protocols`: name, kind, table, state, since, and for BGP the state of the session. */
export function readSessions(answer: string): BirdSession[] {
  return answer.split("\n").flatMap((line) => {
    const [protocol = "", kind, , state = "", since = "", info = ""] = line.trim().split(/\s+/);
    return kind === "BGP" ? [{ protocol, state: state === "down" ? state : info || state, since }] : [];
  });
}
