import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type Docker from "dockerode";
import { inject } from "vitest";
import { bridgesOf, labels } from "#harness/cluster/containers/labels.ts";
import { type EngineContext, sweep } from "#harness/cluster/containers/lifecycle.ts";
import type { TargetEngine } from "#harness/cluster/engines/target-engine.ts";
import { ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { ClusterStates } from "#harness/cluster/state.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact } from "#harness/conformance/expect.ts";
import { openTarget } from "#harness/conformance/run/target.ts";
import { workerSettings } from "#harness/conformance/suite/worker-settings.ts";
import { announce } from "#harness/core/async/events.ts";
import { until, within } from "#harness/core/async/poll.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, HarnessError } from "#harness/core/errors.ts";
import { identify } from "#harness/core/process/process.ts";
import { $, environmentWith } from "#harness/host/local/zx.ts";

const interruptedRun = fileURLToPath(new URL("interrupted-run.ts", import.meta.url));
const settings = { ...workerSettings(), NODES: 1, KEEP: false };
const upMs = 180_000;

chapter("cleanup", ({ requirement, shared }) => {
  const { reference, engines } = inject("target");
  if (!engines) throw new HarnessError("this target has no engines");

  const ground = shared("the host engine", async ({ scope }) => {
    if (settings.CLUSTER !== "containers") {
      throw new Blocked(
        `CLUSTER=${settings.CLUSTER}: a second cluster beside the one under test takes containers`,
      );
    }
    const progress = progressOn(process.stderr);
    const outer = await ensureEngine(settings, progress);
    scope.defer("the host engine", () => outer.release());
    return { ...outer, settings, progress };
  });

  requirement(
    "C2",
    "a cluster that is removed leaves no trace",
    async ({ use }) => {
      const { docker, progress } = await use(ground);
      const target = await openTarget(settings, progress, reference, engines);
      const things = await thingsOf(docker, target.state.id);
      await target.remove();
      await announce("cluster removed", { id: target.state.id, docker });
      await expectNoTrace(docker, target.state.id, things);
    },
    { deadlineMs: upMs },
  );

  requirement(
    "C2",
    "a run that is killed while its cluster is up is cleaned up by the next one",
    async ({ use, scope }) => {
      const outer = await use(ground);
      const run = startInterruptedRun(scope, reference, engines);
      const id = await run.up;
      await expectSweptAway(outer, run, id);
    },
    { deadlineMs: upMs },
  );

  requirement(
    "C2",
    "a run that is killed while its cluster is starting is cleaned up by the next one",
    async ({ use, scope }) => {
      const outer = await use(ground);
      const run = startInterruptedRun(scope, reference, engines);
      const owner = identify(run.pid) ?? "";
      const id = await until(
        { what: "the first container of the run", deadlineMs: upMs, everyMs: 20 },
        async () => {
          const filters = { label: [`${labels.owner}=${owner}`] };
          const [first] = await outer.docker.listContainers({ all: true, filters });
          return first?.Labels[labels.cluster];
        },
      );
      await expectSweptAway(outer, run, id);
    },
    { deadlineMs: upMs },
  );
});

/** Kills the run, lets the next one's sweep clean up, and looks for its cluster. */
async function expectSweptAway(outer: EngineContext, run: InterruptedRun, id: string): Promise<void> {
  await run.kill();
  const things = await thingsOf(outer.docker, id);
  await sweep(outer);
  await announce("cluster removed", { id, docker: outer.docker });
  await expectNoTrace(outer.docker, id, things);
}

interface InterruptedRun {
  pid: number;
  /** Ends it as the kernel would; resolves when it is gone. */
  kill(): Promise<void>;
  /** Resolves to the id of its cluster. */
  up: Promise<string>;
}

function startInterruptedRun(scope: Scope, driver: string, engine: TargetEngine): InterruptedRun {
  const running = $({
    stdio: ["ignore", "pipe", "pipe"],
    env: environmentWith({ NODES: "1", KEEP: "0", FAULT: "", MEND: "", REPORTS: settings.REPORTS }),
  })`${[process.execPath, interruptedRun, driver, JSON.stringify(engine)]}`;
  const kill = async () => {
    running.child?.kill("SIGKILL");
    await within({ what: "the interrupted run to die", deadlineMs: 10_000 }, running);
  };
  scope.defer("the interrupted run", kill);
  const up = new Promise<string>((resolve, reject) => {
    createInterface({ input: running.stdout }).on("line", (line) => {
      const id = /^up (\S+)$/.exec(line)?.[1];
      if (id) resolve(id);
    });
    running.then(({ exitCode, stderr }) =>
      reject(new HarnessError(`the interrupted run ended by itself (${exitCode}):\n${stderr}`)),
    );
  });
  up.catch(() => {});
  return { pid: running.pid ?? 0, kill, up };
}

/** What a cluster consists of outside of its nodes. */
interface Things {
  containers: string[];
  networks: string[];
  volumes: string[];
  bridges: string[];
}

/** Also the positive control: a cluster of which nothing can be seen would leave no trace by definition. */
async function thingsOf(docker: Docker, id: string): Promise<Things> {
  const filters = { label: [`${labels.cluster}=${id}`] };
  const containers = await docker.listContainers({ all: true, filters });
  const networks = await docker.listNetworks({ filters });
  const things = {
    containers: containers.map(({ Id }) => Id),
    networks: networks.map(({ Id }) => Id),
    volumes: containers.flatMap(({ Mounts }) =>
      Mounts.flatMap(({ Type, Name }) => (Type === "volume" ? (Name ?? []) : [])),
    ),
    bridges: bridgesOf(id),
  };
  if (things.containers.length === 0 || things.networks.length === 0) {
    throw new HarnessError(`the cluster ${id} is not to be seen in the engine before it is removed`);
  }
  return things;
}

async function expectNoTrace(docker: Docker, id: string, things: Things): Promise<void> {
  const volumes = (await docker.listVolumes()).Volumes.map(({ Name }) => Name);
  const containers = (await docker.listContainers({ all: true })).map(({ Id }) => Id);
  const networks = (await docker.listNetworks()).map(({ Id }) => Id);
  expectFact(
    `the cluster ${id}, after it was removed`,
    "what is left of it",
    {
      containers: things.containers.filter((one) => containers.includes(one)),
      networks: things.networks.filter((one) => networks.includes(one)),
      volumes: things.volumes.filter((one) => volumes.includes(one)),
      bridges: bridgesOf(id),
      state: new ClusterStates(settings).all().some((state) => state.id === id),
    },
    { containers: [], networks: [], volumes: [], bridges: [], state: false },
  );
}
