import { type PolicySemantics, usualPolicySemantics } from "#drivers/driver.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { until } from "#harness/core/async/poll.ts";
import { DeadlineExceeded } from "#harness/core/errors.ts";
import { flowsAmong, type JudgedFlow, judgeAll, type SeenFlow } from "#harness/oracle/engine/table.ts";
import { checkAddresses, checkFlows, checkNames, type Finding } from "#harness/oracle/nemesis/checks.ts";
import { attempt } from "#suites/disorder/policies/look.ts";
import type { Field } from "./field.ts";
import { ports } from "./inhabitant.ts";

/** What is not a matter of the network, but of the driver. */
export interface Promised {
  readonly names: boolean;
  readonly semantics: PolicySemantics;
}

/** What the driver declares of that. */
export function promisedBy({ capabilities, policySemantics }: ChapterContext["declaration"]): Promised {
  return { names: capabilities.includes("names"), semantics: policySemantics ?? usualPolicySemantics };
}

/** One attempt at a flow, at first and where something is wrong. */
const firstMs = 300;
const againMs = 1_500;

/** What looking came to, and how much of what must pass did. */
export interface LookSeen {
  readonly findings: readonly Finding[];
  readonly told: string;
}

type Look = (timeoutMs: number) => Promise<LookSeen>;

/** Everything that must hold when nothing is disturbed: names, addresses, forwarding, policy. */
export function everything(field: Field, { names, semantics }: Promised): Look {
  return async (timeoutMs) => {
    const there = field.present;
    const [table, told, addresses] = await Promise.all([
      tryFlows(field, judged(field, semantics), timeoutMs),
      names ? askAll(field) : [],
      Promise.all(there.map((one) => one.look())),
    ]);
    const findings = [...told, ...checkAddresses(addresses), ...checkFlows(table)];
    return { findings, told: describeTable(table) };
  };
}

/**
 * What must hold at any time: what a rule blocks does not pass, and, where a node was given up, names of what ran there lead nowhere.
 */
export function invariants(field: Field, { names, semantics }: Promised, givenUp: boolean): Look {
  return async (timeoutMs) => {
    const [table, told] = await Promise.all([
      tryFlows(field, judged(field, semantics), timeoutMs),
      names && givenUp ? askAll(field) : [],
    ]);
    const passing = checkFlows(table).filter(({ checker }) => checker === "policy");
    return { findings: [...told, ...passing], told: describeTable(table) };
  };
}

/** Looks again until nothing is wrong, or the deadline is over. Resolves to the last look, with the time that it took to be right. */
export async function settled(
  what: string,
  deadlineMs: number,
  look: Look,
): Promise<LookSeen & { readonly afterMs: number }> {
  const begin = performance.now();
  let last = await look(firstMs);
  if (last.findings.length > 0) {
    await until({ what, deadlineMs, everyMs: 100 }, async () => {
      last = await look(againMs);
      return last.findings.length === 0;
    }).catch((error: unknown) => {
      if (!(error instanceof DeadlineExceeded) || error.cause !== undefined) throw error;
    });
  }
  return { ...last, afterMs: Math.round(performance.now() - begin) };
}

function judged(field: Field, semantics: PolicySemantics): JudgedFlow[] {
  const members = field.present.map(({ member }) => member);
  const flows = flowsAmong(members, { families: [4], ports: Object.values(ports) });
  return judgeAll(field.stateOf(members), flows, semantics);
}

function tryFlows(field: Field, flows: readonly JudgedFlow[], timeoutMs: number): Promise<SeenFlow[]> {
  const participants = new Map(field.present.map((one) => [one.member.name, one.participant]));
  return attempt(participants, flows, timeoutMs);
}

/** Everybody asks for everybody else, and for those who are not there any more. */
async function askAll(field: Field): Promise<Finding[]> {
  const there = field.present;
  const gone = [
    ...field.former,
    ...field.all.flatMap((one) => (there.includes(one) ? [] : [one.member.name])),
  ];
  const seen = await Promise.all(
    there.flatMap((one) => [
      ...there
        .filter((other) => other !== one)
        .map(({ member }) => one.ask(member.name, member.addresses[4])),
      ...gone.map((name) => one.ask(name)),
    ]),
  );
  return checkNames(seen);
}

function describeTable(table: readonly SeenFlow[]): string {
  const open = table.filter(({ verdict }) => verdict === "open");
  const passing = open.filter(({ seen }) => seen.state === "open");
  const blocked = table.filter(({ verdict }) => verdict === "blocked");
  return `${passing.length} of ${open.length} flows that must pass did, ${blocked.length} are blocked`;
}
