import { type PolicySemantics, usualPolicySemantics } from "#drivers/driver.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { until } from "#harness/core/async/poll.ts";
import { didNotCome } from "#harness/core/errors.ts";
import { flowsAmong, type SeenFlow } from "#harness/oracle/engine/table.ts";
import { checkAddresses, checkFlows, checkNames, type Finding } from "#harness/oracle/nemesis/checks.ts";
import { judgeByOrders, showsInForce } from "#harness/oracle/nemesis/rules.ts";
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
    const [flows, told, addresses] = await Promise.all([
      lookAtFlows(field, { semantics, meanwhile: false }, timeoutMs),
      names ? askAll(field) : [],
      Promise.all(there.map((one) => one.look())),
    ]);
    const findings = [...told, ...checkAddresses(addresses), ...flows.findings];
    return { findings, told: flows.told };
  };
}

/**
 * What must hold at any time: what a rule blocks does not pass, and, where a node was given up, names of what ran there lead nowhere.
 */
export function invariants(field: Field, { names, semantics }: Promised, givenUp: boolean): Look {
  return async (timeoutMs) => {
    const [flows, told] = await Promise.all([
      lookAtFlows(field, { semantics, meanwhile: true }, timeoutMs),
      names && givenUp ? askAll(field) : [],
    ]);
    const passing = flows.findings.filter(({ checker }) => checker === "policy");
    return { findings: [...told, ...passing], told: flows.told };
  };
}

/**
 * Looks again until nothing is wrong, or the deadline is over; what was to be at no moment ends it at once. Resolves to the last look,
 * with the time that it took to be right.
 */
export async function settled(
  what: string,
  deadlineMs: number,
  look: Look,
): Promise<LookSeen & { readonly afterMs: number }> {
  const begin = performance.now();
  let last = await look(firstMs);
  const isOver = () => last.findings.length === 0 || last.findings.some(({ forGood }) => forGood);
  if (!isOver()) {
    await until({ what, deadlineMs, everyMs: 100 }, async () => {
      last = await look(againMs);
      return isOver();
    }).catch((error: unknown) => {
      if (!didNotCome(error)) throw error;
    });
  }
  // What else is wrong then may only be late.
  const forGood = last.findings.filter((finding) => finding.forGood);
  const findings = forGood.length > 0 ? forGood : last.findings;
  return { ...last, findings, afterMs: Math.round(performance.now() - begin) };
}

/** Tries every flow once, and has the field know which rules are in force from now on. */
async function lookAtFlows(
  field: Field,
  judging: { readonly semantics: PolicySemantics; readonly meanwhile: boolean },
  timeoutMs: number,
): Promise<LookSeen> {
  const present = field.present;
  const members = present.map(({ member }) => member);
  const wanted = flowsAmong(members, { families: [4], ports: Object.values(ports) });
  const { flows, firm } = judgeByOrders(
    field.rules,
    (rules) => field.stateOf(members, rules),
    wanted,
    judging,
  );
  const participants = new Map(present.map((one) => [one.member.name, one.participant]));
  const table = await attempt(participants, flows, timeoutMs);
  if (present.length === field.all.length && showsInForce(table)) field.rules.shown();
  return { findings: checkFlows(table, firm), told: describeTable(table) };
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
