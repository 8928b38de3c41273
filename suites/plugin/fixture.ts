import type { ClusterNode } from "#harness/cluster/cluster.ts";
import {
  describeDifferences,
  readClusterSnapshot,
  readStableSnapshot,
  settle,
} from "#harness/cluster/snapshot/snapshot.ts";
import type { CallName } from "#harness/cnm/protocol/protocol.ts";
import type { CallFault, Injection } from "#harness/cnm/recorder/injection.ts";
import type { ProtocolRecorder } from "#harness/cnm/recorder/recorder.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { expectThat } from "#harness/conformance/expect.ts";
import { asEvidence, recorderOf, untilHeld } from "#harness/conformance/protocol.ts";
import { expectRefusal } from "#harness/conformance/refusal.ts";
import { describeHeldResources } from "#harness/conformance/suite/aftermath/held.ts";
import type { TestTools } from "#harness/conformance/suite/tools.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, NotGone, NothingSeen, Unsupported } from "#harness/core/errors.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import type { Network } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";

export type PluginTest = ChapterContext & TestTools;

/** Time for everything to be as before on the nodes. */
const settleMs = 20_000;

/** The faults with which an engine must give up a call, told that it failed. */
export const refusals: readonly CallFault[] = [
  { kind: "status", status: 500, body: '{"Err":"injected failure"}' },
  { kind: "status", status: 500, body: "injected failure" },
];

/** The plugin is not asked, and the engine may ask again. */
export const cutBefore: CallFault = { kind: "cut", at: "request" };

/** The plugin has done its work, and the engine does not hear of it, or not all of it. */
export const brokenAnswers: readonly CallFault[] = [
  { kind: "truncate" },
  { kind: "cut", at: "body" },
  { kind: "cut", at: "answer" },
];

/** The first two nodes. Throws `Blocked` on a cluster of one. */
export function twoNodes(nodes: readonly ClusterNode[]): [ClusterNode, ClusterNode] {
  const [first, second] = nodes;
  if (!first || !second) throw new Blocked(`two nodes are needed, NODES=${nodes.length}`);
  return [first, second];
}

/** The driver's recorder, whose exchanges from now on are evidence of the test. */
export async function listenIn({
  driver,
  keep,
}: Pick<PluginTest, "driver" | "keep">): Promise<ProtocolRecorder> {
  const recorder = recorderOf(driver);
  const mark = await recorder.mark();
  let said = "";
  keep({
    name: "protocol.jsonl",
    get content() {
      return said;
    },
  });
  const refresh = async () => {
    said = String(asEvidence((await recorder.since(mark)).exchanges).content);
  };
  return {
    ...recorder,
    inject: async (injection) => {
      const active = await recorder.inject(injection);
      return {
        ...active,
        used: async () => {
          await refresh();
          return active.used();
        },
      };
    },
  };
}

/** A fault in words, for facts and failures. */
export function nameOf(call: CallName, fault: CallFault): string {
  const what =
    fault.kind === "status"
      ? `status ${fault.status}${fault.body?.startsWith("{") ? " with Err" : ""}`
      : fault.kind === "cut"
        ? `connection cut at the ${fault.at}`
        : fault.kind === "delay"
          ? `answer ${fault.ms} ms late`
          : "answer truncated";
  return `${call}, ${what}`;
}

/** Throws `Unsupported` for a call of a subsystem that the plugin does not list in `Plugin.Activate`: no engine makes it. */
export async function refuseUnserved(
  recorder: ProtocolRecorder,
  { name }: { readonly name: string },
  call: CallName,
): Promise<void> {
  const [subsystem = ""] = call.split(".");
  if ((await recorder.subsystems()).has(subsystem)) return;
  throw new Unsupported(`${name} does not list ${subsystem} in Plugin.Activate`);
}

/** Of `calls`, those of subsystems that the plugin lists in `Plugin.Activate`. */
export async function servedOf(recorder: ProtocolRecorder, calls: readonly CallName[]): Promise<CallName[]> {
  const subsystems = await recorder.subsystems();
  return calls.filter((call) => subsystems.has(call.split(".")[0] ?? ""));
}

/**
 * Runs `work` while the fault is injected into the next call. Throws `NothingSeen` when the engine never made that call, as where
 * the driver's networks take their addresses from elsewhere: then nothing has gone wrong, and nothing is shown.
 */
export async function under<T>(
  recorder: ProtocolRecorder,
  injection: Injection,
  work: () => Promise<T>,
): Promise<T> {
  const injected = await recorder.inject(injection);
  try {
    const result = await work();
    if ((await injected.used()) === 0) {
      throw new NothingSeen(
        `the engine on ${injection.caller ?? "any node"} made no call of ${injection.call}`,
      );
    }
    return result;
  } finally {
    await injected.stop();
  }
}

/**
 * `docker run` on `node` while a call goes wrong: it must fail with no container left running or, where an engine may
 * ask again, give a container that works. Resolves to the engine's error, or "works".
 */
export async function expectAllOrNothing(
  network: Network,
  node: ClusterNode,
  scope: Scope,
  { other, mayWork }: { other: Workload; mayWork: boolean },
): Promise<string> {
  const name = uniqueName("c");
  const run = network.run(scope, node, { name });
  const made = await run.catch(() => undefined);
  if (made && mayWork) {
    await Promise.all([expectPing(made, other), expectPing(other, made)]);
    return "works";
  }
  const said = await expectRefusal(`docker run --name ${name}`, run);
  const { State } = await node.docker.getContainer(name).inspect();
  expectThat(!State.Running, {
    who: `${name} on ${node.name}, whose network could not be made`,
    expected: "a container that does not run",
    got: State.Status,
  });
  return said.replaceAll(name, "NAME").replaceAll(network.name, "NETWORK");
}

/** What was there before something went wrong. */
export interface Memory {
  /** The plugin holds what it held; throws `NotGone` that names what it holds besides. */
  expectHeld(after: string): Promise<void>;
  /** The same, and nothing on any node is there that was not. */
  expectUnchanged(after: string): Promise<void>;
  /** Throws what `work` does; what the plugin holds then is held against it once, and against nothing that comes later. */
  forgive(work: () => Promise<void>): Promise<void>;
}

/** Takes down what exists in plugin and nodes. */
export async function remember(
  { cluster }: Pick<PluginTest, "cluster">,
  recorder: ProtocolRecorder,
): Promise<Memory> {
  let [held, snapshot] = [await recorder.held(), await readStableSnapshot(cluster)];
  const expectHeld = async (after: string) => {
    const left = describeHeldResources(await untilHeld(recorder, held));
    if (left === "") return;
    throw new NotGone({
      who: `the plugin after ${after}`,
      expected: "what it held before",
      got: `besides ${left}`,
    });
  };
  return {
    expectHeld,
    forgive: async (work) => {
      try {
        await work();
      } catch (error) {
        // What it made goes with the test, when the evidence is taken.
        await Promise.all([recorder.held(), readClusterSnapshot(cluster)]).then(
          (now) => {
            [held, snapshot] = now;
          },
          () => {},
        );
        throw error;
      }
    },
    expectUnchanged: async (after) => {
      await expectHeld(after);
      const differences = await settle(cluster, snapshot, settleMs);
      expectThat(differences.length === 0, {
        who: `the nodes after ${after}`,
        expected: "what was there before",
        got: `${differences.length} differences\n${describeDifferences(differences)}`,
      });
    },
  };
}

/** The very next `docker run` works, and reaches a container on the other node. */
export async function expectNextRunWorks(
  network: Network,
  node: ClusterNode,
  scope: Scope,
  other: Workload,
): Promise<void> {
  const own = scope.child("the next container");
  const next = await network.run(own, node);
  await expectPing(next, other);
  await own.close();
}
