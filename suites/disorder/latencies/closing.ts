import type { Policy, PolicySemantics, Rule } from "#drivers/driver.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { didNotCome, Nonconformance, ProbeFailed } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import { HeldConnection, tellAll } from "#harness/observe/probe/held/connection.ts";
import { countIn, lastThrough, type Stream, silentFrom } from "#harness/observe/probe/held/stream.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { twoNodes } from "#suites/plugin/fixture.ts";
import { createGroup, createPolicy } from "#suites/policy/fixture.ts";

/** A member of a group, and who sends to it from the other node. */
export interface Bound {
  readonly semantics: PolicySemantics;
  readonly policy: Policy;
  readonly from: Workload;
  readonly member: Workload;
  /** Goes on all the time. */
  readonly control: HeldConnection;
}

/** Datagrams, each from a port of its own, so that no rule for connections that are established lets them pass. */
const flow = { protocol: "udp", fresh: true, everyMs: 2 } as const;
const controlEveryMs = 10;
const controlPort = 20_000;
/** Nothing has arrived for so long: what was sent has been stopped. */
const quietMs = 200;
const inForceMs = 15_000;

/** Makes them. Throws `Blocked` where there is one node alone. */
export async function makeBound(
  context: ChapterContext & { readonly scope: Scope },
  semantics: PolicySemantics,
): Promise<Bound> {
  const { cluster, driver, declaration, scope } = context;
  const [near, far] = twoNodes(cluster.nodes);
  const network = await driver.createNetwork(scope);
  const policy = await createPolicy(scope, driver, uniqueName("policy"));
  const group = await createGroup(scope, driver, {
    ...{ name: uniqueName("group"), network: network.name, policies: [policy.name] },
  });
  const bare = declaration.capabilities.includes("cni") ? { bare: true } : {};
  const from = await network.run(scope, near, bare);
  const member = await network.run(scope, far, { group, ...bare });
  if (semantics.combine === "additive") await policy.addRule(rule(controlPort, "allow"));
  const control = await HeldConnection.open(scope, {
    ...flow,
    ...{ from, to: member, port: controlPort, everyMs: controlEveryMs },
  });
  return { semantics, policy, from, member, control };
}

/** How long an order took to be in force, in milliseconds. */
export interface Closed {
  /** From when it was given until the first datagram that did not arrive any more. */
  readonly orderMs: number;
  /** From when it had returned; 0 where nothing arrived any more by then. */
  readonly returnMs: number;
}

/**
 * Closes a port to which a datagram is sent every two milliseconds. Throws `Nonconformance` where datagrams arrive for 15 s, and `ProbeFailed`
 * where those to a port that is open stop too.
 */
export async function closesIn(bound: Bound, scope: Scope, number: number): Promise<Closed> {
  const { from, member, policy, control } = bound;
  const port = controlPort + number;
  const additive = bound.semantics.combine === "additive";
  if (additive) await policy.addRule(rule(port, "allow"));
  const own = scope.child(`datagrams to port ${port}`);
  try {
    const sent = await HeldConnection.open(own, { ...flow, from, to: member, port });
    const ordered = Date.now();
    if (additive) await policy.removeRule(String(port));
    else await policy.addRule(rule(port, "deny"));
    const returned = Date.now();
    await untilQuiet(sent);
    const [told, open] = await tellAll([sent, control]);
    const { there, lookedAt } = told!;
    const inForce = silentFrom(there, { from: ordered, to: lookedAt });
    expectCarried(open!.there, { from: inForce, to: open!.lookedAt }, control);
    if (!additive) await policy.removeRule(String(port));
    return { orderMs: inForce - ordered, returnMs: Math.max(0, inForce - returned) };
  } finally {
    await own.close();
  }
}

function rule(port: number, action: Rule["action"]): Rule {
  return { id: String(port), direction: "in", protocol: "udp", port, action };
}

/** Waits until nothing has arrived for some time; how long it was until then is for the ends to tell. */
async function untilQuiet(sent: HeldConnection): Promise<void> {
  let arrived = -1;
  const what = `${sent.name} to be closed`;
  await until({ what, deadlineMs: inForceMs, everyMs: quietMs }, async () => {
    const { there } = await sent.counts();
    const isQuiet = there === arrived;
    arrived = there;
    return isQuiet;
  }).catch((error: unknown) => {
    if (!didNotCome(error)) throw error;
    throw new Nonconformance({
      who: sent.name,
      expected: `nothing to arrive once the order that forbids it has returned`,
      got: `${arrived} datagrams, the last ones after ${scaled(inForceMs)} ms`,
    });
  });
}

function expectCarried(there: Stream, period: { from: number; to: number }, control: HeldConnection): void {
  if (countIn(there, period).arrived > 0) return;
  const last = lastThrough(there);
  throw new ProbeFailed(
    `the positive control failed: of ${control.name} nothing arrived after the order, the last that did was sent ${
      last === undefined ? "never" : `${Math.round(period.from - last)} ms before`
    }`,
  );
}
