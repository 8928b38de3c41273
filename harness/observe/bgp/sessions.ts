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

/**
 * Whether two times of `since` are one and the same. BIRD reckons them anew from the time that has passed, whenever it is asked: the
 * last millisecond differs. Between the end of a session and the next one there is a second or more.
 */
export function isSameSince(one: string, other: string): boolean {
  const [a, b] = [millisecondsOf(one), millisecondsOf(other)];
  if (a === undefined || b === undefined) return one === other;
  const apart = Math.abs(a - b);
  return Math.min(apart, dayMs - apart) < sameMs;
}

const dayMs = 86_400_000;
const sameMs = 100;

/** Of a time such as `16:23:36.775`, since midnight; undefined for a date, which BIRD says of what is older than a day. */
function millisecondsOf(time: string): number | undefined {
  const [, hours, minutes, seconds] = /^(\d\d):(\d\d):(\d\d\.\d{3})$/.exec(time) ?? [];
  if (seconds === undefined) return undefined;
  return (Number(hours) * 60 + Number(minutes)) * 60_000 + Number(seconds) * 1_000;
}
