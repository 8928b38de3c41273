import type { InstalledDriver } from "#drivers/driver.ts";
import { describeExchange, type Exchange } from "#harness/cnm/protocol/exchange.ts";
import type { Mark, ProtocolRecorder } from "#harness/cnm/recorder/recorder.ts";
import type { HeldResources } from "#harness/cnm/rules/conversation.ts";
import { type EnginesHave, isAsked } from "#harness/cnm/rules/omissions.ts";
import { until } from "#harness/core/async/poll.ts";
import {
  didNotCome,
  type EngineAtFault,
  EngineRefused,
  HarnessError,
  NotGone,
} from "#harness/core/errors.ts";
import type { EvidenceFile } from "#harness/observe/evidence.ts";
import { type Aftermath, failureThat } from "./suite/aftermath/aftermath.ts";
import { judgeOmissions, judgeRefusal } from "./suite/aftermath/engine-at-fault.ts";
import { describeHeldResources, nothingHeld, subtractHeld } from "./suite/aftermath/held.ts";
import type { TestTools } from "./suite/tools.ts";

/** Engines release what a container had a little after they said that it is gone. */
const settleMs = 15_000;
/** How many findings are told in full. */
const toldInFull = 5;

/** The recorder of a driver that declares `remote`. Throws `HarnessError` for one that declares it and has none. */
export function recorderOf({ protocol }: Pick<InstalledDriver, "protocol">): ProtocolRecorder {
  if (protocol) return protocol;
  throw new HarnessError("the driver declares remote, and what it connects to has no protocol", {
    hint: "have install call recordPlugin or serveRecorder, and connect call connectRecorder",
  });
}

/** What R1 must have seen: without an exchange no rule was kept. */
export const exchangesSeen = "exchanges between engines and plugin";

/** Where the exchanges of a chapter begin, and what the plugin held then. */
export interface ProtocolStart {
  readonly mark: Mark;
  readonly held: HeldResources;
}

export async function startOf(recorder: ProtocolRecorder): Promise<ProtocolStart> {
  return { mark: await recorder.mark(), held: await recorder.held() };
}

/**
 * Everything that was said since the start kept the rules, and the plugin holds nothing besides what it held then: a
 * last test after everything was removed. Without a start, everything counts. Throws `Nonconformance` that names each CNM requirement that was broken.
 * Where all of it follows from a failure before, it has that cause. Throws `EngineAtFault` where engines never asked for the removal of what
 * is held; `whatEnginesHave` is asked for what they have then.
 */
export async function expectProtocolKept(
  recorder: ProtocolRecorder,
  { mark, held: before }: ProtocolStart = { mark: [], held: nothingHeld },
  chapter: string,
  { fact, keep, saw }: Pick<TestTools, "fact" | "keep" | "saw">,
  aftermath: Pick<Aftermath, "ofHeld">,
  whatEnginesHave: () => Promise<EnginesHave>,
): Promise<void> {
  const held = await untilHeld(recorder, before);
  const { exchanges, findings } = await recorder.since(mark);
  keep(asEvidence(exchanges));
  fact(`exchanges in ${chapter}`, exchanges.length);
  saw(exchangesSeen, exchanges.length);
  const left = describeHeldResources(held);
  if (findings.length === 0 && left === "") return;
  const told = findings
    .slice(0, toldInFull)
    .map(
      ({ requirement, expected, got, exchange }) =>
        `  ${requirement}, asked by ${exchange.caller}: expected ${expected}, got ${got}\n  ${describeExchange(exchange)}`,
    );
  const following = findings.length === 0 ? aftermath.ofHeld(held) : undefined;
  const broken = [...new Set(findings.map(({ requirement }) => requirement))];
  const failure = failureThat(
    {
      who: `the plugin, during ${chapter}`,
      expected: "answers after the protocol, and nothing held that was not held before",
      got: [
        ...(broken.length > 0 ? [`${findings.length} answers against ${broken.join(", ")}`] : []),
        ...(left === "" ? [] : [`still held: ${left}`]),
      ].join("; "),
      evidence: [...told, ...unasked(held, exchanges)].join("\n"),
    },
    following && { ...following, evidence: `  ${following.evidence}` },
  );
  if (following || findings.length > 0) throw failure;
  const has = await whatEnginesHave();
  throw judgeOmissions(failure.message, { held, exchanges, has }, failure) ?? failure;
}

/**
 * What a test really ended with that found something still there which it had removed, or whose engine passed on what the plugin refused:
 * `EngineAtFault` where the recording since `start` proves that it follows from calls which engines never made, else `undefined`. To be asked when
 * everything that the test made is removed.
 */
export async function blameOmissions(
  failure: unknown,
  recorder: ProtocolRecorder,
  { mark, held: before }: ProtocolStart,
  has: () => Promise<EnginesHave>,
): Promise<EngineAtFault | undefined> {
  const judge =
    failure instanceof NotGone ? judgeOmissions : failure instanceof EngineRefused ? judgeRefusal : undefined;
  if (!judge || !(failure instanceof Error)) return undefined;
  const held = await untilHeld(recorder, before);
  const { exchanges } = await recorder.since(mark);
  return judge(failure.message, { held, exchanges, has: await has() }, failure);
}

/** The call that removes what is held, and the field of its request with the id. */
const removals = {
  networks: ["NetworkDriver.DeleteNetwork", "NetworkID"],
  endpoints: ["NetworkDriver.DeleteEndpoint", "EndpointID"],
  joins: ["NetworkDriver.Leave", "EndpointID"],
} as const;

/**
 * What is held that no engine asked the plugin to remove, a line for each; `held`: ids after the name of who had it made, as recorders
 * tell them. Such a thing is the engine's to explain, e.g. an endpoint of a container whose port was taken.
 */
export function unasked(held: HeldResources, exchanges: readonly Exchange[]): string[] {
  return Object.entries(removals).flatMap(([kind, [call, field]]) =>
    held[kind as keyof typeof removals].flatMap((one) => {
      const [id = "", caller = ""] = one.split(" ").reverse();
      return isAsked(one, call, field, exchanges)
        ? []
        : [`  ${caller === "" ? "the caller" : `the engine of ${caller}`} did not send ${call} for ${id}`];
    }),
  );
}

/** What was said, as a file of evidence: a line of JSON for each exchange. */
export function asEvidence(exchanges: readonly Exchange[]): EvidenceFile {
  return {
    name: "protocol.jsonl",
    content: exchanges.map((exchange) => `${JSON.stringify(exchange)}\n`).join(""),
  };
}

/** Waits until the plugin holds exactly `expected`, and resolves to what it holds besides when it does not come to that. */
export async function untilHeld(recorder: ProtocolRecorder, expected: HeldResources): Promise<HeldResources> {
  let beside = nothingHeld;
  try {
    await until({ what: "the plugin to hold what it held before", deadlineMs: settleMs }, async () => {
      beside = subtractHeld(await recorder.held(), expected);
      return describeHeldResources(beside) === "";
    });
  } catch (error) {
    if (!didNotCome(error)) throw error;
  }
  return beside;
}
