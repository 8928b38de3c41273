import { until } from "#harness/core/async/poll.ts";
import { didNotCome } from "#harness/core/errors.ts";
import { uniqueMarker } from "#harness/host/agent/agent.ts";
import type { Flow } from "#harness/oracle/engine/state.ts";
import { isAnswered, isRight, type JudgedFlow, type SeenFlow } from "#harness/oracle/engine/table.ts";
import type { Participant } from "./participant.ts";

/** One attempt at a flow, where nothing is wrong yet, and where it is tried again. */
const firstMs = 300;
const againMs = 1_500;

/** What was seen of flows, and whether all of it was right at once. */
export interface Look {
  readonly table: readonly SeenFlow[];
  readonly atOnce: boolean;
}

/**
 * Tries all flows at once, and what is wrong again until it is right or the deadline is over: a busy machine answers late, and a change of
 * a policy may take a moment to reach every node.
 */
export async function look(
  participants: ReadonlyMap<string, Participant>,
  wanted: readonly JudgedFlow[],
  { what, deadlineMs }: { readonly what: string; readonly deadlineMs: number },
): Promise<Look> {
  const table = new Map<Flow, SeenFlow>();
  const wrong = () => [...table.values()].filter((one) => !isRight(one));
  const tryAll = async (flows: readonly JudgedFlow[], timeoutMs: number) => {
    for (const one of await attempt(participants, flows, timeoutMs)) table.set(one.flow, one);
  };
  await tryAll(wanted, firstMs);
  if (wrong().length === 0) return { table: [...table.values()], atOnce: true };
  await until({ what, deadlineMs, everyMs: 100 }, async () => {
    await tryAll(wrong(), againMs);
    return wrong().length === 0;
  }).catch((error: unknown) => {
    if (!didNotCome(error)) throw error;
  });
  return { table: [...table.values()], atOnce: false };
}

/** One attempt at each of these flows, all at once. */
export async function attempt(
  participants: ReadonlyMap<string, Participant>,
  wanted: readonly JudgedFlow[],
  timeoutMs: number,
): Promise<SeenFlow[]> {
  // Within a tenant an address says who has sent something; in another one it may be somebody else's.
  const nonces = new Map(wanted.map(({ flow }) => [flow.from.tenant, uniqueMarker()]));
  const byOpener = Map.groupBy(wanted, ({ flow }) => flow.from.name);
  const opened = [...byOpener].map(async ([name, own]) => {
    const nonce = nonces.get(own[0]!.flow.from.tenant)!;
    const reaches = await participants.get(name)!.open(
      own.map(({ flow }) => flow),
      { timeoutMs, nonce },
    );
    // Nothing of an earlier attempt stays.
    return own.map(({ flow, verdict }, index): SeenFlow => ({ flow, verdict, seen: reaches[index]! }));
  });
  const seen = (await Promise.all(opened)).flat();
  const arrived = await whatArrived(participants, seen, nonces);
  return seen.map((one) => (arrived.has(one.flow) ? { ...one, arrived: true } : one));
}

/** Of what must not be open, and what the other end does not answer. `nonces`: by the sender's tenant. */
async function whatArrived(
  participants: ReadonlyMap<string, Participant>,
  seen: readonly SeenFlow[],
  nonces: ReadonlyMap<string, string>,
): Promise<Set<Flow>> {
  const silent = seen.filter((one) => one.verdict !== "open" && !isAnswered(one)).map(({ flow }) => flow);
  const arrived = await Promise.all(
    [...nonces].flatMap(([tenant, nonce]) => {
      const sent = silent.filter(({ from }) => from.tenant === tenant);
      const byReceiver = Map.groupBy(sent, ({ to }) => to.name);
      return [...byReceiver].map(([name, flows]) => participants.get(name)!.arrived(flows, nonce));
    }),
  );
  return new Set(arrived.flat());
}
