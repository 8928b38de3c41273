import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { generateKeyPair } from "#harness/cluster/containers/keys.ts";
import { type Engine, ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { readClusterSnapshot, type Snapshot, settle } from "#harness/cluster/snapshot/snapshot.ts";
import { until, within } from "#harness/core/async/poll.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { SshHost } from "#harness/host/ssh/ssh-host.ts";
import { type RunningVitest, runVitest } from "#reports/vitest-run.ts";
import { type GivenHosts, makeGivenHosts } from "./support/clusters/given-hosts.ts";
import {
  changedOnNode2,
  cutWhileWaiting,
  disturbForGood,
  expectAsBefore,
  factsOf,
  outcomesOf,
  wireOfNode2,
} from "./support/clusters/given-hosts-after.ts";
import { type SshAgent, startAgent } from "./support/clusters/ssh-agent.ts";
import { runCommand } from "./support/run-script.ts";

const {
  ENGINE: [version = "26.1"],
  ...settings
} = { ...readSettings(), KEEP: false };
const fixtures = join(import.meta.dirname, "fixtures", "vitest.config.ts");
let engine: Engine;
let hosts: GivenHosts;
let before: Snapshot;

/** What a run on loaded machines may take; nothing is concluded from it. */
const runMs = 300_000;

beforeAll(async () => {
  const progress = progressOn(process.stderr);
  const context = { settings: { ...settings, ENGINE: [version] }, progress };
  engine = await ensureEngine(context.settings, progress);
  hosts = await makeGivenHosts({ ...context, ...engine }, version, 5);
  before = await readClusterSnapshot(hosts.owner);
}, 180_000);

afterAll(async () => {
  await hosts?.[Symbol.asyncDispose]();
  await engine?.release();
});

interface Use {
  args?: string[];
  env?: Record<string, string>;
  config?: string;
  inventory?: string;
  onOutput?: (running: RunningVitest, output: string) => void;
}

/** Runs chapters on the hosts as their user would. */
async function run({
  args = [],
  env = {},
  config = join(projectRoot, "vitest.config.ts"),
  inventory,
  onOutput,
}: Use) {
  const outcome = await runVitest({
    config,
    args,
    env: {
      CLUSTER: "ssh",
      INVENTORY: inventory ?? hosts.write(hosts.inventory),
      // Whatever is asked of the tests is not asked of the hosts: they have the engine they have.
      ENGINE: "",
      NODES: "2",
      KEEP: "0",
      ...env,
    },
    ...(onOutput ? { onOutput } : {}),
  });
  onTestFinished(() => outcome[Symbol.dispose]());
  return { ...outcome, said: `${outcome.stdout}\n${outcome.stderr}` };
}

const expectUntouched = () => expectAsBefore(hosts.owner, before);

describe("a host of which we are a user with sudo", () => {
  test("runs more commands at once than it grants sessions, and serves sockets that are root's", async () => {
    const path = hosts.write(hosts.inventory);
    const { readInventory } = await import("#harness/cluster/hosts/inventory.ts");
    const [first, second] = readInventory(path).nodes;
    for (const target of [first, second]) {
      if (!target) throw new Error("two nodes are needed");
      const host = new SshHost(target);
      try {
        expect(await host.runAsUser(["id", "-un"])).toBe("ops\n");
        expect(await host.run(["id", "-un"])).toBe("root\n");
        // None ends before there was need of another connection.
        const gate = `/tmp/netconform-gate-${process.pid}`;
        const waiting = Array.from({ length: 25 }, (_, index) =>
          host.run(["sh", "-c", 'until [ -e "$1" ]; do sleep 0.1; done; echo $0', String(index), gate]),
        );
        await until(
          { what: "a second connection", deadlineMs: 30_000 },
          async () => host.connections.connections > 1,
        );
        await host.run(["touch", gate]);
        expect((await Promise.all(waiting)).map(Number)).toEqual(waiting.map((_, index) => index));
        await host.run(["rm", gate]);
        expect(host.connections.sessions).toBeLessThanOrEqual(10);
        expect(host.connections.connections).toBeGreaterThan(1);
        expect((await host.docker.version()).Version).toContain(version);
        const served = await host.forwardIn("/run/docker/plugins/greeting.sock", (stream) =>
          stream.end("hello\n"),
        );
        const greeting = [
          "curl",
          "--silent",
          "--http0.9",
          "--unix-socket",
          "/run/docker/plugins/greeting.sock",
          "http://x/",
        ];
        expect(await host.run(greeting, { deadlineMs: 10_000 })).toBe("hello\n");
        await served.close();
        expect(await host.files.exists("/run/docker/plugins/greeting.sock")).toBe(false);
        const endless = await host.spawn(["sleep", "1000"]);
        for (const stream of [endless.stdout, endless.stderr]) stream.resume();
        endless.kill();
        await within({ what: "a command to end that was told to", deadlineMs: 10_000 }, endless.exit);
        expect((await host.exec(["pgrep", "-x", "-f", "sleep 1000"])).code).toBe(1);
      } finally {
        await host.disconnect();
      }
    }
  });
});

describe("chapters on hosts that exist", { timeout: runMs }, () => {
  test("the first chapter on Docker's bridge: nothing fails, and the hosts are as before", async () => {
    const ran = await run({ args: ["suites/basics"], env: { DRIVER: "bridge" } });
    const outcomes = outcomesOf(ran, `bridge@${version}`);
    expect(
      Object.keys(outcomes).filter((outcome) => outcome === "failed" || outcome === "error"),
      ran.said,
    ).toEqual([]);
    expect(outcomes.passed).toEqual(expect.arrayContaining(["S1", "S3", "B2", "B4"]));
    expect(ran.exitCode).toBe(0);
    await expectUntouched();
  });

  test.for([3, 5])("the multi-host chapter on %i of them with a mesh of probes", async (nodes) => {
    const ran = await run({
      args: ["suites/multihost"],
      env: { DRIVER: "overlay", NODES: String(nodes), SCALE: String(2 * nodes) },
    });
    const outcomes = outcomesOf(ran, `overlay@${version}`);
    expect(
      Object.keys(outcomes).filter((outcome) => outcome === "failed" || outcome === "error"),
      ran.said,
    ).toEqual([]);
    expect(outcomes.passed).toEqual(expect.arrayContaining(["M4", "M5", "M6"]));
    expect(ran.exitCode).toBe(0);
    const took = /the run took [^)]*/.exec(ran.said)?.[0];
    console.log(`${nodes} nodes: ${took}, ${JSON.stringify(factsOf(ran))}`);
    await expectUntouched();
  });

  test("the reference plugin through sudo, with an agent's key; kept, used by the next run, and taken down", async () => {
    const cache = join(hosts.folder, "cache");
    mkdirSync(cache);
    for (const name of readdirSync(settings.CACHE).filter((one) => /^workload-.*\.tar$/.test(one))) {
      symlinkSync(join(settings.CACHE, name), join(cache, name));
    }
    const defaults = { ...hosts.inventory.defaults, key: undefined, agent: true };
    const inventory = hosts.write({ ...hosts.inventory, defaults }, "agent.yaml");
    const env = { DRIVER: "reference", KEEP: "1", CACHE: cache };
    const passedWith = async (requirement: string, agent: SshAgent) => {
      const args = ["suites/policy", "-t", requirement];
      const ran = await run({ args, env: { ...env, SSH_AUTH_SOCK: agent.socket }, inventory });
      expect(outcomesOf(ran, `reference@${version}`).passed, ran.said).toContain(requirement);
      expect(ran.exitCode).toBe(0);
      return ran.said;
    };
    {
      await using agent = await startAgent(hosts.folder, "first");
      expect(await passedWith("P10", agent)).toMatch(/kept nc-/);
    }
    await using agent = await startAgent(hosts.folder, "second");
    expect(await passedWith("P4", agent)).toMatch(/uses the kept cluster nc-/);
    const address = { ...env, CLUSTER: "ssh", INVENTORY: inventory, SSH_AUTH_SOCK: agent.socket };
    const down = await runCommand(["cluster", "down"], address);
    expect(down.code, down.said).toBe(0);
    expect(down.said).toMatch(/removed nc-\w+ \(reference@/);
    await expectUntouched();
  });

  test("without an external host, what needs it is blocked and says so", async () => {
    const { external: _, ...without } = hosts.inventory;
    const ran = await run({
      args: ["suites/basics", "-t", "B4|S1"],
      env: { DRIVER: "bridge" },
      inventory: hosts.write(without, "no-external.yaml"),
    });
    const outcomes = outcomesOf(ran, `bridge@${version}`);
    expect(outcomes.blocked, ran.said).toContain("B4");
    expect(outcomes.passed).toContain("S1");
    expect(ran.said).toContain("the inventory names no external host");
  });
});

describe("hosts that are refused, with exit code 2 and nothing changed", { timeout: runMs }, () => {
  const quick = { args: ["suites/basics", "-t", "S1"], env: { DRIVER: "bridge" } };

  test("one whose host key is another than the known one", async () => {
    const other = generateKeyPair("other").public.split(" ").slice(0, 2).join(" ");
    const [first, ...rest] = hosts.inventory.nodes;
    const nodes = [{ ...first, hostKey: other }, ...rest];
    const ran = await run({
      ...quick,
      inventory: hosts.write({ ...hosts.inventory, nodes }, "wrong-key.yaml"),
    });
    expect(ran.said).toMatch(
      /node1 .*: expected the host key ssh-ed25519 SHA256:\S+ \(.*wrong-key\.yaml, hostKey of node1\), got ssh-ed25519 SHA256:/,
    );
    expect(ran.exitCode).toBe(2);
  });

  test("one whose host key is not known, with the line to add", async () => {
    const unknown = {
      defaults: { ...hosts.inventory.defaults, knownHosts: "nothing-known" },
      nodes: hosts.inventory.nodes.slice(0, 1),
    };
    const env = { ...quick.env, NODES: "" };
    const ran = await run({ ...quick, env, inventory: hosts.write(unknown, "unknown-key.yaml") });
    expect(ran.said).toMatch(/node1 .*: its host key is not in .*nothing-known; it shows \S+ SHA256:/);
    const line = ran.said
      .split("\n")
      .find((text) => text.startsWith(`${hosts.inventory.nodes[0]?.address} ssh-`));
    expect(readFileSync(join(hosts.folder, "known_hosts"), "utf8")).toContain(line);
    expect(ran.exitCode).toBe(2);
  });

  test("one that holds a container of others, unless OCCUPIED allows it, and that container is left alone", async () => {
    const [, second] = hosts.owner.nodes;
    await second?.docker.createNetwork({ Name: "theirs" });
    try {
      const refused = await run(quick);
      expect(refused.said).toMatch(/node2: holds networks of somebody: theirs\n\s+next: remove them/);
      expect(refused.said).toContain("nothing was changed");
      expect(refused.exitCode).toBe(2);
      const allowed = await run({ ...quick, env: { ...quick.env, OCCUPIED: "1" } });
      expect(outcomesOf(allowed, `bridge@${version}`).passed, allowed.said).toContain("S1");
      const networks = (await second?.docker.listNetworks()) ?? [];
      expect(networks.map(({ Name }) => Name)).toContain("theirs");
    } finally {
      await second?.docker.getNetwork("theirs").remove();
    }
    await expectUntouched();
  });
});

describe("a run on hosts that exist", { timeout: runMs }, () => {
  test("keeps others away while it runs; killed together with the plugin, it is undone by the next one", async () => {
    let rival: ReturnType<typeof run> | undefined;
    const killed = await run({
      config: fixtures,
      env: { DRIVER: "reference", FIXTURES: "attached" },
      onOutput: (child, output) => {
        if (rival || !/waiting on nc-/.test(output)) return;
        rival = run({ config: fixtures, env: { DRIVER: "overlay", FIXTURES: "quick" } });
        rival.finally(() => child.kill("SIGKILL"));
      },
    });
    expect(killed.signal, killed.said).toBe("SIGKILL");
    const left = (await settle(hosts.owner, before, 0)).map(
      ({ host, kind, thing }) => `${host} ${kind}: ${thing}`,
    );
    expect(left).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^node2 addresses: eth2 inet 10\.128\.77\.1\/24/),
        "node2 iptables: -A FORWARD -o ng+ -j ACCEPT",
      ]),
    );
    expect(await changedOnNode2(hosts.owner)).toEqual({
      liveRestore: true,
      configured: true,
      withoutIpv6: "0",
    });
    const wire = await wireOfNode2(hosts.owner);
    await disturbForGood(hosts.owner);
    expect(await wireOfNode2(hosts.owner)).not.toEqual(wire);
    const refused = await rival;
    expect(refused?.said).toMatch(/another run is using it: nc-\w+ of \S+@\S+/);
    expect(refused?.exitCode).toBe(2);
    const next = await run({ config: fixtures, env: { DRIVER: "overlay", FIXTURES: "quick" } });
    expect(next.said).toMatch(/undoing what the interrupted nc-\w+ of \S+ left/);
    expect(next.exitCode, next.said).toBe(0);
    await expectUntouched();
    expect(await changedOnNode2(hosts.owner)).toEqual({
      liveRestore: false,
      configured: false,
      withoutIpv6: "1",
    });
    expect(await wireOfNode2(hosts.owner)).toEqual(wire);
  });

  test("survives that its connections are cut, and ends with a complete report", async () => {
    let cut: Promise<unknown> | undefined;
    const ran = await run({
      config: fixtures,
      env: { DRIVER: "bridge", FIXTURES: "waiting,quick" },
      onOutput: (_child, output) => {
        if (cut || !/waiting on nc-/.test(output)) return;
        cut = cutWhileWaiting(hosts.owner);
      },
    });
    await cut;
    const textsOf = (id: string) => {
      const found = ran.statement?.targets[0]?.results.find(({ requirement }) => requirement === id);
      return (found?.tests ?? []).map(({ outcome, reason }) => `${outcome}: ${reason}`);
    };
    const lost = expect.stringMatching(/^error: the SSH connection to node2 was lost/);
    const passed = expect.stringMatching(/^passed/);
    expect(textsOf("S1"), ran.said).toEqual([lost, passed]);
    expect(textsOf("S3"), ran.said).toEqual([lost]);
    // Whatever was under way, the container of the chapter goes over the next connection.
    expect(textsOf("C1"), ran.said).toEqual([passed, passed]);
    const causes = ran.statement?.targets[0]?.causes ?? [];
    expect(causes.map(({ kind, requirements }) => [kind, requirements])).toEqual([
      ["connection lost", ["S1", "S3"]],
    ]);
    expect(ran.statement?.run.complete).toBe(true);
    expect(ran.statement?.summary.failed, ran.said).toBe(0);
    await expectUntouched();
  });
});
