import { join } from "node:path";
import type Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { labels } from "#harness/cluster/containers/labels.ts";
import { sweep } from "#harness/cluster/containers/lifecycle.ts";
import { type Engine, ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { ClusterStates } from "#harness/cluster/state.ts";
import { until } from "#harness/core/async/poll.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { identify } from "#harness/core/process/process.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { type RunningVitest, runVitest, type VitestOutcome } from "#reports/vitest-run.ts";

const config = join(import.meta.dirname, "fixtures", "vitest.config.ts");
const settings = { ...readSettings(), KEEP: false };
const progress = progressOn(process.stderr);
let engine: Engine;

beforeAll(async () => {
  engine = await ensureEngine(settings, progress);
}, 60_000);
afterAll(() => engine.release());

interface Strike {
  /** Called once, with the id of the cluster, when the tests of the chapter wait. */
  strike: (cluster: string, run: RunningVitest) => Promise<unknown> | unknown;
  suites?: string;
  env?: Record<string, string>;
}

/** Runs fixture chapters on a real cluster and strikes in the middle. */
async function runAndStrike({ strike, suites = "waiting,quick", env = {} }: Strike) {
  let cluster = "";
  let struck: Promise<unknown> = Promise.resolve();
  let struckAt = 0;
  const outcome = await runVitest({
    config,
    env: {
      DRIVER: "bridge",
      ENGINE: settings.ENGINE[0] ?? "",
      NODES: "2",
      KEEP: "0",
      FIXTURES: suites,
      ...env,
    },
    onOutput: (child, output) => {
      const id = /waiting on (nc-\w+)/.exec(output)?.[1];
      if (!id || cluster) return;
      cluster = id;
      struck = waitedFor(id, suites.startsWith("waiting") ? 2 : 1).then(() => {
        struckAt = performance.now();
        return strike(id, child);
      });
    },
  });
  onTestFinished(() => outcome[Symbol.dispose]());
  await struck;
  expect(cluster, `${outcome.stdout}\n${outcome.stderr}`).not.toBe("");
  return { ...outcome, cluster, afterMs: performance.now() - struckAt };
}

/** The tests of the chapters wait for that many processes on the second node. */
async function waitedFor(cluster: string, processes: number): Promise<void> {
  await until({ what: "what the tests wait for to run on node2", deadlineMs: 60_000 }, async () => {
    const { Processes } = await engine.docker.getContainer(`${cluster}-node2`).top();
    const waited = (Processes as string[][]).filter((cells) => cells.includes("sleep 300"));
    return waited.length >= processes;
  });
}

function resultsOf({ statement }: Pick<VitestOutcome, "statement">, requirement: string) {
  const tests = statement?.targets[0]?.results.find((result) => result.requirement === requirement)?.tests;
  return (tests ?? []).map(({ outcome, reason }) => `${outcome}: ${reason}`);
}

async function left(docker: Docker, cluster: string) {
  const filters = { label: [`${labels.cluster}=${cluster}`] };
  return {
    containers: (await docker.listContainers({ all: true, filters })).length,
    networks: (await docker.listNetworks({ filters })).length,
    state: new ClusterStates(settings).all().some(({ id }) => id === cluster),
  };
}

const nothing = { containers: 0, networks: 0, state: false };

describe("a node that dies while a chapter runs", () => {
  test("turns its tests into errors that say what it was last doing, and the run ends by itself with everything removed", async () => {
    const run = await runAndStrike({
      strike: (cluster) => engine.docker.getContainer(`${cluster}-node2`).kill(),
    });
    expect(run.exitCode).toBe(1);
    for (const requirement of ["S1", "S3", "S5", "C1"]) {
      expect(resultsOf(run, requirement)).toContainEqual(
        expect.stringMatching(/^error: [\s\S]*SSH connection to node2 was lost; last known: \S/),
      );
    }
    expect(run.statement?.run.finishedAt).toBeDefined();
    expect(run.statement?.summary.failed).toBe(0);
    expect(await left(engine.docker, run.cluster)).toEqual(nothing);
  });
});

describe("a node that is rebooted while a chapter runs", () => {
  test("is lost for what was under way; what comes after goes on, and what is left on it is not blamed on the plugin", async () => {
    const run = await runAndStrike({
      strike: (cluster) => engine.docker.getContainer(`${cluster}-node2`).restart({ t: 0 }),
    });
    expect(run.exitCode).toBe(1);
    for (const requirement of ["S1", "S3"]) {
      expect(resultsOf(run, requirement)).toContainEqual(
        expect.stringMatching(/^error: [\s\S]*SSH connection to node2 was lost; last known: \S/),
      );
    }
    expect(resultsOf(run, "S1").at(-1)).toMatch(/^passed/);
    expect(resultsOf(run, "C1").join("\n")).toMatch(/error: node2 was restarted while/);
    expect(run.statement?.summary.failed).toBe(0);
    expect(await left(engine.docker, run.cluster)).toEqual(nothing);
  });
});

describe("an engine that is killed on a node", () => {
  test.for([
    ["KILL", /none in its log/],
    ["ABRT", /SIGABRT: abort/],
  ] as const)(
    "by SIG%s turns what waited for it into an error with its last words, and the other tests of the node go on",
    async ([signal, words]) => {
      const run = await runAndStrike({
        suites: "engine-waiting",
        strike: (cluster) => killOn(cluster, `pkill -${signal} -x dockerd`),
      });
      expect(run.exitCode).toBe(1);
      const [line, then] = (resultsOf(run, "S3")[0] ?? "").split("\n");
      expect(line).toMatch(/^error: the engine of node2 \(pid \d+\) died; its last words: /);
      expect(line).toMatch(words);
      expect(then).toMatch(/^ {2}What failed then: /);
      expect(resultsOf(run, "S1")[0]).toMatch(/^passed/);
    },
  );

  test("is told where a test had held and its containers could not be removed", async () => {
    const run = await runAndStrike({
      suites: "engine-removing",
      strike: (cluster) => killOn(cluster, "pkill -KILL -x dockerd"),
    });
    expect(run.exitCode).toBe(1);
    expect(resultsOf(run, "S3")[0]).toMatch(/^error: the engine of node2 \(pid \d+\) died; its last words: /);
    const result = run.statement?.targets[0]?.results.find(({ requirement }) => requirement === "S3");
    expect(result?.evidence).toContainEqual(expect.stringMatching(/node2-state\.txt$/));
  });
});

describe("an SSH connection that is cut", () => {
  test("is lost for what was under way, and made again for what comes after", async () => {
    const run = await runAndStrike({
      strike: (cluster) => killOn(cluster, "pkill -KILL -f 'sshd(-session)?: root'"),
    });
    expect(run.exitCode).toBe(1);
    expect(resultsOf(run, "S1")).toEqual([
      expect.stringMatching(/^error: the SSH connection to node2 was lost/),
      expect.stringMatching(/^passed/),
    ]);
    expect(resultsOf(run, "C1")).toEqual([
      expect.stringMatching(/^passed/),
      expect.stringMatching(/^passed/),
    ]);
  });

  test("while something is removed: that goes over the next connection, and nothing is held against anybody", async () => {
    const run = await runAndStrike({
      suites: "removing,quick",
      strike: (cluster) => killOn(cluster, "pkill -KILL -f 'sshd(-session)?: root'"),
    });
    for (const requirement of ["S1", "S5", "C1"]) {
      expect(resultsOf(run, requirement), `${run.stdout}\n${run.stderr}`).toEqual([
        expect.stringMatching(/^passed/),
        expect.stringMatching(/^passed/),
      ]);
    }
    expect(run.exitCode).toBe(0);
  });
});

describe("a run that is told to end", () => {
  test.for([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("removes its cluster after %s and says that it is incomplete", async ([signal, code]) => {
    const run = await runAndStrike({ strike: (_cluster, child) => child.kill(signal) });
    expect(run.exitCode).toBe(code);
    expect(run.statement?.run.complete).toBe(false);
    expect(await left(engine.docker, run.cluster)).toEqual(nothing);
  });

  test("removes the clusters of all its targets", async () => {
    let owner = "";
    const run = await runAndStrike({
      env: { DRIVER: "bridge,overlay" },
      strike: (_cluster, child) => {
        owner = identify(child.pid ?? 0) ?? "";
        child.kill("SIGINT");
      },
    });
    expect(run.exitCode).toBe(130);
    const filters = { label: [`${labels.owner}=${owner}`] };
    expect(await engine.docker.listContainers({ all: true, filters })).toEqual([]);
    expect(await engine.docker.listNetworks({ filters })).toEqual([]);
    expect(new ClusterStates(settings).all().filter((state) => state.owner === owner)).toEqual([]);
  });
});

describe("a run that is killed", () => {
  test("leaves an incomplete statement, and a cluster that the next run removes", async () => {
    const run = await runAndStrike({ strike: (_cluster, child) => child.kill("SIGKILL") });
    expect(run.signal).toBe("SIGKILL");
    expect(run.statement?.run.complete).toBe(false);
    expect((await left(engine.docker, run.cluster)).containers).toBe(3);
    await sweep({ ...engine, settings, progress });
    expect(await left(engine.docker, run.cluster)).toEqual(nothing);
  });

  test("in its worker alone is incomplete, and still removes its cluster", async () => {
    const run = await runAndStrike({ strike: (_cluster, child) => killWorkers(child) });
    expect(run.exitCode).toBe(1);
    expect(run.statement?.run.complete).toBe(false);
    expect(await left(engine.docker, run.cluster)).toEqual(nothing);
  });
});

/** Runs a shell line on the second node, from outside of the run. */
async function killOn(cluster: string, line: string): Promise<void> {
  const exec = await engine.docker
    .getContainer(`${cluster}-node2`)
    .exec({ Cmd: ["sh", "-c", line], AttachStdout: true });
  const stream = await exec.start({});
  await new Promise((resolve) => stream.once("end", resolve).resume());
}

/** Vitest's workers are the children of a run that run its fork entry. */
async function killWorkers(run: RunningVitest): Promise<void> {
  const local = new LocalHost();
  const children = (await local.run(["ps", "-o", "pid=,args=", "--ppid", String(run.pid)]))
    .trim()
    .split("\n");
  const workers = children.filter((line) => /workers\/forks/.test(line) || /vitest \d/.test(line));
  expect(workers, children.join("\n")).not.toEqual([]);
  for (const line of workers) process.kill(Number.parseInt(line, 10), "SIGKILL");
}
