import { inject } from "vitest";
import type { Driver, InstalledDriver, Needs } from "#drivers/driver.ts";
import { loadDriver } from "#drivers/loader.ts";
import type { Cluster } from "#harness/cluster/cluster.ts";
import { RemoteCluster } from "#harness/cluster/remote-cluster.ts";
import {
  compareSnapshots,
  describeDifferences,
  readClusterSnapshot,
  readStableSnapshot,
  type Snapshot,
  type SnapshotDifference,
  settle,
} from "#harness/cluster/snapshot/snapshot.ts";
import { type ClusterState, ClusterStates } from "#harness/cluster/state.ts";
import { announce } from "#harness/core/async/events.ts";
import { Blocked, HarnessError, Nonconformance, Unsupported } from "#harness/core/errors.ts";
import { typed } from "#harness/core/typed.ts";
import type { Host } from "#harness/host/host.ts";
import { openTranscript } from "#harness/host/transcript.ts";
import { blameEngines, type EngineMarks, markEngines } from "#harness/observe/dead-engine.ts";
import { type LogSizes, readLogSizes } from "#harness/observe/logs.ts";
import { applicability } from "#suites/requirements/applicability/applicability.ts";
import { type RequirementId, requirementOf } from "#suites/requirements/catalogue.ts";
import { SetUpFailed, type TargetContext } from "./outcome.ts";
import {
  blameOmissions,
  exchangesSeen,
  expectProtocolKept,
  type ProtocolStart,
  recorderOf,
  startOf,
} from "./protocol.ts";
import { isDisruptive, isLongest } from "./run/pool/disruptive.ts";
import { leaseCluster } from "./run/pool/lease.ts";
import { blame } from "./run/set-up/blame.ts";
import { Aftermath, failureThat } from "./suite/aftermath/aftermath.ts";
import { whatEnginesHave } from "./suite/aftermath/engine-at-fault.ts";
import { nothingHeld } from "./suite/aftermath/held.ts";
import { Baseline } from "./suite/baseline.ts";
import { collectFromCluster } from "./suite/record/collect.ts";
import { askVersions } from "./suite/versions.ts";
import { workerSettings } from "./suite/worker-settings.ts";
import { conformanceSuite, type Suite } from "./suite.ts";

/** What the tests of a chapter work on. */
export interface ChapterContext {
  cluster: Cluster;
  driver: InstalledDriver;
  /** Name, title and declared capabilities of the driver. */
  declaration: Driver;
  /** What the driver says is installed; empty where it cannot be told. */
  versions: Readonly<Record<string, string>>;
}

/**
 * One requirement for each capability that any driver's API can show, tried even where it is not declared. Each has tests of
 * the driver's own network alone: B4 would hold by the engine's bridge whatever the driver does.
 */
const signs: ReadonlySet<RequirementId> = new Set(["B5", "M4", "M5", "X1", "X2", "X3", "W2"]);

const settleMs = 15_000;
/** What this process works on: a cluster of its own, and what chapters must find and leave there. */
interface Workplace {
  readonly context: ChapterContext;
  readonly baseline: Baseline;
  /** Gives the cluster up. */
  leave(): Promise<void>;
}

let workplace: Promise<Workplace> | undefined;
/** Whether a disruptive chapter has worked there. */
let disrupted = false;

/**
 * One cluster and one connection per process: the chapters of a target that a worker runs share it. Side by side a disruptive chapter may
 * come before others; these get another cluster.
 */
async function workHere(file: string): Promise<Workplace> {
  if (disrupted && !isDisruptive(file) && inject("sideBySide")) {
    const before = await workplace?.catch(() => undefined);
    workplace = undefined;
    disrupted = false;
    await before?.leave();
  }
  disrupted ||= isDisruptive(file);
  workplace ??= findWorkplace(isLongest(file));
  return workplace;
}

/** Throws `Blocked` where the driver cannot be tried on this target, `SetUpFailed` where there is no cluster with it. */
async function findWorkplace(longest: boolean): Promise<Workplace> {
  const { lease, giveUp } = await leaseCluster(inject("clusters"), { longest });
  if ("obstacle" in lease) throw new Blocked(lease.obstacle);
  if ("setUpFailure" in lease) throw new SetUpFailed(lease.setUpFailure);
  const context = await open(lease.cluster);
  const leave = async () => {
    await context.cluster.disconnect();
    await giveUp();
  };
  return { context, baseline: new Baseline(lease.baseline), leave };
}

async function open(id: string): Promise<ChapterContext> {
  const settings = workerSettings();
  openTranscript(`${settings.REPORTS}/transcripts/${id}.jsonl`, settings.VERBOSE);
  const state: ClusterState = new ClusterStates(settings).load(id);
  const declaration = await loadDriver(inject("target").reference, settings);
  const cluster = new RemoteCluster(state);
  const { reference } = inject("target");
  const driver = await declaration.connect(cluster, state.attachment ?? {}).catch((error: unknown) => {
    throw blame(error, declaration, reference);
  });
  await announce("cluster connected", { cluster });
  return { cluster, driver, declaration, versions: await askVersions(declaration.name, driver) };
}

/**
 * A chapter of the tutorial as a suite. It begins by checking that the cluster carries nothing of another
 * chapter (S5), and ends by closing everything, looking for what was left behind (C1), and, where the plugin's
 * exchanges with the engines are recorded, judging them (R1).
 */
export function chapter(name: string, define: (suite: Suite<ChapterContext>) => void): void {
  const target = inject("target");
  const aftermath = new Aftermath();
  let baseline: Baseline;
  let start: ProtocolStart | undefined;
  let logsBefore: Promise<LogSizes> | undefined;
  let enginesBefore: Promise<EngineMarks> | undefined;
  let previous: string | undefined;

  conformanceSuite<ChapterContext>(
    {
      chapter: name,
      open: async (scope, file) => {
        const here = await workHere(file);
        const { context } = here;
        baseline = here.baseline;
        previous = baseline.unjudged;
        baseline.begin(name);
        logsBefore = readLogSizes(context.cluster.nodes);
        enginesBefore = markEngines(context.cluster.nodes);
        start = context.driver.protocol && (await startOf(context.driver.protocol));
        await announce("chapter begins", { chapter: name, cluster: context.cluster, scope });
        return context;
      },
      admit: (id, context) =>
        admit(
          id,
          context?.declaration ?? { name: target.driver, capabilities: target.declared },
          context?.cluster,
        ),
      hosts: ({ cluster }) => hostsOf(cluster),
      works: ({ cluster }) => hostsOf(cluster),
      versions: ({ versions }) => versions,
      tries: (id) => (signs.has(id) ? undeclared(id, target) : []),
      afterTries: async ({ cluster }) => {
        const { snapshot, known } = baseline;
        const differences = await settle(cluster, snapshot, settleMs, known).catch(() => []);
        // The next chapter says itself of a node that was restarted that it cannot be judged.
        if (differences.length === 0 || differences.some(({ kind }) => kind === "boot")) return;
        if (!baseline.excuse(differences)) return;
        console.warn(
          `${target.driver} left this behind when what it does not declare was tried in ${name}:\n${describeDifferences(differences)}`,
        );
        if (baseline.leftovers.length === 0) keepBaseline(cluster.id, await readStableSnapshot(cluster));
      },
      blame: async ({ cluster }, failure) => {
        const blamed = await blameEngines(failure, cluster.nodes, await enginesBefore);
        // What died once is not to blame for what fails after it, where it was started again.
        if (blamed !== failure) enginesBefore = markEngines(cluster.nodes);
        return blamed;
      },
      collect: async ({ cluster, driver: { protocol } }, since) => {
        const before = { snapshot: baseline.snapshot, logs: await logsBefore, protocol, mark: start?.mark };
        return collectFromCluster(cluster.nodes, hostsOf(cluster), before, since);
      },
      watch: async ({ cluster, driver: { protocol } }, id) => {
        const before = protocol && (await startOf(protocol));
        const failed = await aftermath.watch(id, async () => ({
          differences: compareSnapshots(baseline.snapshot, await readClusterSnapshot(cluster)),
          held: (await protocol?.held()) ?? nothingHeld,
        }));
        return async (failure) => {
          const has = () => whatEnginesHave(cluster.nodes);
          const engines = protocol && before && (await blameOmissions(failure, protocol, before, has));
          await failed(engines ?? failure);
          return engines;
        };
      },
    },
    (suite) => {
      suite.requirement(
        "S5",
        `${name} starts from a cluster without traces of another chapter`,
        async ({ cluster, note }) => {
          for (const { of, differences } of baseline.leftovers) {
            note(
              `against a new baseline: what ${of} left is not held against it\n${describeDifferences(differences)}`,
            );
          }
          const differences = await settle(cluster, baseline.snapshot, settleMs, baseline.known);
          refuseRestarted(differences, `before ${name}`);
          if (differences.length === 0) return;
          leave(baseline, previous ?? `somebody before ${name}`, differences);
          if (previous !== undefined) {
            note(`against a new baseline: what ${previous} left is not held against it`);
            return;
          }
          throw new Nonconformance({
            who: `the nodes before ${name}`,
            expected: "what was there when the driver had been installed",
            got: `${differences.length} differences\n${describeDifferences(differences)}`,
          });
        },
        { alone: true, place: "first" },
      );

      define(suite);

      suite.requirement(
        "C1",
        `nothing of ${name} is left on any node`,
        async ({ cluster, scope, driver: { protocol } }) => {
          await announce("chapter ends", { chapter: name, scope });
          await suite.finish().catch(async (error: unknown) => {
            const has = () => whatEnginesHave(cluster.nodes);
            const engines = protocol && start && (await blameOmissions(error, protocol, start, has));
            throw engines ?? error;
          });
          const differences = await settle(cluster, baseline.snapshot, settleMs, baseline.known);
          refuseRestarted(differences, `while ${name} ran, or before`);
          baseline.judged();
          if (differences.length > 0) {
            leave(baseline, name, differences);
            const who = `${name}, after everything it made was removed`;
            const got = `${differences.length} differences\n${describeDifferences(differences)}`;
            throw failureThat(
              { who, expected: "the nodes as they were", got },
              aftermath.ofLeft(differences),
            );
          }
        },
        { alone: true, deadlineMs: 120_000, place: "last" },
      );

      suite.requirement(
        "R1",
        `what engines and plugin said during ${name} kept the protocol, and nothing is held`,
        async ({ driver, cluster, ...tools }) => {
          await suite.finish();
          const has = () => whatEnginesHave(cluster.nodes);
          await expectProtocolKept(recorderOf(driver), start, name, tools, aftermath, has);
        },
        { alone: true, deadlineMs: 120_000, place: "last", sees: [exchangesSeen] },
      );
    },
  );
}

/** The nodes, and the external host where there is one. */
function hostsOf(cluster: Cluster): Host[] {
  const external = () => {
    try {
      return [cluster.external];
    } catch (error) {
      if (error instanceof Blocked) return [];
      throw error;
    }
  };
  return [...cluster.nodes, ...external()];
}

/** From now on what a chapter left is held against no other, and that is said. */
function leave(baseline: Baseline, chapter: string, differences: readonly SnapshotDifference[]): void {
  baseline.leave({ of: chapter, differences });
  console.warn(
    `${chapter} left this behind; what comes after it works against a new baseline:\n${describeDifferences(differences)}`,
  );
}

/** What the run that keeps the cluster finds there is excused, too. */
function keepBaseline(id: string, baseline: Snapshot): void {
  new ClusterStates(workerSettings()).saveBaseline(id, baseline);
}

/** What a reboot removed or restored says nothing about the plugin. */
function refuseRestarted(differences: readonly SnapshotDifference[], when: string): void {
  const restarted = [...new Set(differences.filter(({ kind }) => kind === "boot").map(({ host }) => host))];
  if (restarted.length === 0) return;
  throw new HarnessError(
    `${restarted.join(", ")} was restarted ${when}, so that what is left on it cannot be judged\n${describeDifferences(differences)}`,
    {
      hint: `run again; with KEEP=1 take the cluster down first: ${typed("cluster down")}`,
      because: {
        kind: "node restarted",
        what: `${restarted.join(", ")} was restarted while the run used it`,
      },
    },
  );
}

/** Capabilities that a requirement needs and the target's driver does not declare. */
function undeclared(id: RequirementId, { driver, declared }: TargetContext): readonly string[] {
  const found = applicability(requirementOf(id), { on: "cluster", name: driver, capabilities: declared });
  return found.answer === "unsupported" ? found.missing : [];
}

/**
 * Undeclared is unsupported, impossible here is blocked: whichever comes first among the capabilities that are needed. Without a
 * cluster nothing is known to be impossible.
 */
async function admit(
  id: RequirementId,
  { name, capabilities, needs }: { name: string; capabilities: readonly string[]; needs?: Needs },
  cluster: Cluster | undefined,
): Promise<void> {
  const requirement = requirementOf(id);
  const found = applicability(requirement, { on: "cluster", name, capabilities });
  const [firstMissing] = found.answer === "unsupported" ? found.missing : [];
  for (const capability of requirement.appliesTo.capabilities ?? []) {
    if (capability === firstMissing) break;
    for (const feature of (cluster && needs?.[capability]) ?? []) {
      const offer = await cluster!.offers(feature);
      if (!offer.offered) throw new Blocked(`${capability} needs ${feature}: ${offer.reason}`);
    }
  }
  if (found.answer === "unsupported") throw new Unsupported(found.reason);
}
