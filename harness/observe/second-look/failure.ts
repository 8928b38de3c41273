import { Nonconformance } from "#harness/core/errors.ts";
import { type Probe, whichHop } from "#harness/observe/hop/hop.ts";
import { type ByHand, commandOf, lineOf } from "./by-hand.ts";
import { marked, markOf } from "./mark.ts";
import { viewHere } from "./view.ts";

/** A check that failed, before anybody has looked into it. */
export interface FailedCheck {
  readonly who: string;
  readonly expected: string;
  readonly got: string;
  /** Lines that stand before the one that shows it by hand. */
  readonly details?: string;
  readonly byHand?: ByHand;
  /** How to make the check once more, where it is one of whether something is reached. */
  readonly probe?: Probe;
}

/**
 * The failure of a check, to be thrown. In the body of a test it is looked into first, as long as everything is still there: on which
 * hop it was lost, and whether the line shows it by hand.
 */
export async function failureOf(check: FailedCheck): Promise<Nonconformance> {
  const { who, expected, got, details, byHand, probe } = check;
  const view = viewHere();
  const hosts = view?.hosts ?? [];
  const startedAt = Date.now();
  const confirmByHand = async () => byHand && markOf(byHand, view);
  const isFollowed = probe && hosts.length > 0;
  // One that waits for the first is not made once more.
  const isMadeAgain = isFollowed && view && !view.hasFirst;
  let confirming = byHand?.apart && isMadeAgain ? undefined : confirmByHand();
  // Others that wait for this one wait until it can be told.
  const follow = async (made: Probe, deadlineMs: number) => {
    const seen = await whichHop(made, hosts, deadlineMs);
    confirming ??= confirmByHand();
    await confirming;
    return seen;
  };
  const hop = isFollowed
    ? await view?.look((deadlineMs) => follow(probe, deadlineMs), { once: true })
    : undefined;
  confirming ??= confirmByHand();
  const confirmed = await confirming;
  const line = byHand && confirmed !== undefined ? marked(lineOf(byHand), confirmed) : undefined;
  view?.looks.push({
    startedAt,
    ...(hop ? { hop } : {}),
    ...(byHand && confirmed !== undefined ? { byHand: { line: commandOf(byHand), confirmed } } : {}),
  });
  return new Nonconformance({
    who,
    expected,
    got: hop === undefined ? got : withHop(got, hop.says),
    evidence: [details, line].filter((one) => one !== undefined).join("\n"),
  });
}

/** In the first line, which is what lists of failures show. */
function withHop(got: string, hop: string): string {
  const [first = "", ...rest] = got.split("\n");
  return [`${first}; ${hop}`, ...rest].join("\n");
}
