import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Role } from "#harness/cluster/cluster.ts";
import { closeBridge } from "#harness/cluster/containers/route/closed.ts";
import { type Engine, ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { nodeHostConfig, runtimeCapabilities } from "#harness/cluster/images/node-contract.ts";
import { type ClusterState, ClusterStates } from "#harness/cluster/state.ts";
import { until } from "#harness/core/async/poll.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { disposableFolder } from "#harness/core/process/scratch.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import type { Host } from "#harness/host/host.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { asRoot, probePrivilege } from "#harness/host/setup/privilege.ts";
import { assignments } from "#harness/host/shell.ts";
import { makeOneNode, type TestNodes } from "./support/clusters/one-node.ts";
import { listeningOf, readOnly, type Seen } from "./support/confinement.ts";
import { program } from "./support/run-script.ts";

const roles: readonly Role[] = ["management", "control", "data"];
const settings = readSettings();
const states = new ClusterStates(settings);
const local = new LocalHost();
let engine: Engine;
/** The plugin under test is on the first; the second is another run's, of CNI plugins through containerd. */
let [own, other] = [] as unknown as [TestNodes, TestNodes];

beforeAll(async () => {
  engine = await ensureEngine(settings, progressOn(process.stderr));
  [own, other] = await Promise.all([
    makeOneNode("least-power"),
    makeOneNode("least-power-other", "containerd"),
  ]);
}, 300_000);

afterAll(async () => {
  await Promise.all([own, other].map((cluster) => cluster?.[Symbol.asyncDispose]()));
  await engine?.release();
}, 120_000);

function node(of: TestNodes = own) {
  const [first] = of.cluster.nodes;
  if (!first) throw new TypeError("expected a node");
  return first;
}

/** A line of a private key that no public key has. */
function secretLine(privateKey: string): string {
  const line = privateKey.trim().split("\n").at(4);
  if (line === undefined || line.startsWith("-"))
    throw new TypeError("expected a private key of five lines or more");
  return line;
}

/** Whether it is in a file or in the environment of a process of a node, and where. */
async function holdersOn(host: Host, key: string): Promise<string[]> {
  const search =
    'grep -rlFs --exclude-dir=proc --exclude-dir=sys -e "$1" / ; grep -lFs -e "$1" /proc/[0-9]*/environ; true';
  const argv = ["sh", "-c", search, "search", secretLine(key)];
  return linesOf(await host.run(argv, { deadlineMs: 100_000 }));
}

/** The files of the suite on this machine that hold it, of those that were written since the clusters were begun. */
async function holdersHere(key: string): Promise<string[]> {
  const temporary = readdirSync(tmpdir()).filter((name) => name.startsWith("netconform-"));
  const places = [settings.CACHE, ...temporary.map((name) => join(tmpdir(), name))];
  const young = [
    "-path",
    join(settings.CACHE, "engine"),
    "-prune",
    "-o",
    "-type",
    "f",
    "-mmin",
    "-15",
    "-size",
    "-4096k",
  ];
  const argv = ["find", ...places, ...young, "-exec", "grep", "-lFs", "-e", secretLine(key), "{}", "+"];
  return linesOf((await local.exec(argv)).stdout);
}

function linesOf(said: string): string[] {
  return said.trim().split("\n").filter(Boolean).sort();
}

describe("a container that is a node", () => {
  const forContainerd = Object.keys(runtimeCapabilities.containerd);
  test.each([
    ["node1", [], () => own],
    ["external", [], () => own],
    ["node1", forContainerd, () => other],
    ["external", [], () => other],
  ])("%s is given what docs/clusters.md lists, and further %j", async (name, further, of) => {
    const { HostConfig, Mounts } = await engine.docker.getContainer(`${of().cluster.id}-${name}`).inspect();
    const { CapAdd, CapDrop, SecurityOpt, Privileged, Binds, Devices, Tmpfs } = HostConfig;
    const bare = (names: readonly string[] | null = []) =>
      (names ?? []).map((word) => word.replace(/^CAP_/, "")).sort();
    expect(bare(CapAdd)).toEqual(bare([...nodeHostConfig.CapAdd, ...further]));
    expect(bare(CapDrop)).toEqual([]);
    expect({ SecurityOpt, Tmpfs }).toEqual({
      SecurityOpt: nodeHostConfig.SecurityOpt,
      Tmpfs: nodeHostConfig.Tmpfs,
    });
    expect({ Privileged, Binds: Binds ?? [], Devices: Devices ?? [] }).toEqual({
      Privileged: false,
      Binds: [],
      Devices: [],
    });
    expect(Mounts.map(({ Type, Destination }) => `${Type} ${Destination}`)).toEqual([
      "volume /var/lib/docker",
    ]);
  });

  test("has namespaces of its own", async () => {
    for (const kind of ["cgroup", "ipc", "mnt", "net", "pid", "uts"]) {
      const link = ["readlink", `/proc/1/ns/${kind}`];
      expect(await node().run(link), kind).not.toBe(await local.run(["readlink", `/proc/self/ns/${kind}`]));
    }
  });

  test("sees no file of this machine but those that the engine makes for it", async () => {
    const kernel = /^(proc|sysfs|tmpfs|devpts|mqueue|cgroup2?|overlay|nsfs)$/;
    const made =
      /\/containers\/[0-9a-f]{64}\/(resolv\.conf|hostname|hosts)$|\/volumes\/[0-9a-f]{64}\/_data(\/|$)/;
    const mounts = (await node().run(["cat", "/proc/self/mountinfo"])).trim().split("\n");
    const sources = mounts.flatMap((line) => {
      const [before = "", after = ""] = line.split(" - ");
      return kernel.test(after.split(" ")[0] ?? "") ? [] : (before.split(" ")[3] ?? "");
    });
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.filter((source) => !made.test(source))).toEqual([]);
  });

  test("listens for SSH alone, and the external host for names and its web server too", async () => {
    const ports = async (host: Host) => {
      const said = await host.run(["ss", "-lntuH"]);
      const lines = said
        .trim()
        .split("\n")
        .map((line) => line.split(/\s+/));
      const onWires = lines.filter(([, , , , address = ""]) => !/^(127\.|\[::1\])/.test(address));
      return [
        ...new Set(onWires.map(([kind, , , , address]) => `${kind} ${address?.split(":").at(-1)}`)),
      ].sort();
    };
    expect(await ports(node())).toEqual(["tcp 22"]);
    expect(await ports(own.cluster.external)).toEqual(["tcp 22", "tcp 53", "tcp 80", "udp 53"]);
  });
});

describe("who is root on a node", () => {
  test("finds no private key of the run", async () => {
    const [{ privateKey = "" } = {}] = states.load(own.cluster.id).nodes;
    const hostKey = "/etc/ssh/ssh_host_ed25519_key";
    // The node's own key is there, so the search finds what there is.
    expect(await holdersOn(node(), await node().files.readText(hostKey))).toContain(hostKey);
    expect(await holdersOn(node(), privateKey)).toEqual([]);
  });

  test("has no socket of this machine's engine, and no file of the run", async () => {
    const socket = engine.host.replace(/^unix:\/\//, "");
    for (const path of [
      ...(engine.private ? [socket] : []),
      projectRoot,
      settings.CACHE,
      states.path(own.cluster.id),
    ]) {
      expect(statSync(path, { throwIfNoEntry: false }), path).toBeDefined();
      expect(await node().files.exists(path), path).toBe(false);
    }
    expect((await node().docker.info()).ID).not.toBe((await engine.docker.info()).ID);
  });

  test("does not reach another cluster, and a container there does not either", async () => {
    const { nodes, external } = states.load(other.cluster.id);
    const hosts = [...nodes, ...(external ? [external] : [])];
    const [self] = states.load(own.cluster.id).nodes;
    const others = roles.flatMap((role) =>
      hosts.map(({ interfaces }) => ({ address: interfaces[role].address, via: gatewayOf(self, role) })),
    );
    const neighbours = roles.map((role) => own.cluster.external.interfaces[role].address);
    for (const { address, via } of others) await node().run(["ip", "route", "replace", address, "via", via]);
    const targets = [...neighbours, ...others.map(({ address }) => address)];
    const look = `for a in ${targets.join(" ")}; do nc -w 2 "$a" 22 </dev/null 2>/dev/null | grep -q SSH && echo "$a"; done; true`;
    const inContainer = ["docker", "run", "--rm", own.cluster.image, "sh", "-c", look];
    for (const argv of [["sh", "-c", look], inContainer]) {
      expect((await node().run(argv)).trim().split("\n")).toEqual(neighbours);
    }
  });

  test("is not forwarded by this machine, where its engine is a private one", async ({ skip }) => {
    skip(!engine.private, "the engine that was given has rules of its own for that");
    for (const role of roles) expect(await switchesOf(`${own.cluster.id}-${role[0]}`), role).toEqual(closed);
  });
});

test("a bridge is closed whatever was set there", async () => {
  const bridge = `nc-${randomBytes(3).toString("hex")}-x`;
  const privilege = await probePrivilege(local);
  const run = (script: string) => local.run(asRoot(privilege, ["sh", "-ec", script, "sh", bridge]));
  await run('ip link add "$1" type bridge');
  try {
    await run(`
      echo 1 >"/proc/sys/net/ipv4/conf/$1/forwarding"
      ipv6=/proc/sys/net/ipv6/conf/$1/disable_ipv6
      [ ! -e "$ipv6" ] || echo 0 >"$ipv6"`);
    expect(await switchesOf(bridge)).not.toEqual(closed);
    await closeBridge(bridge);
    expect(await switchesOf(bridge)).toEqual(closed);
  } finally {
    await run('ip link delete "$1"');
  }
});

/** A machine may be without IPv6. */
const closed = { forwarding: "0", withoutIpv6: expect.stringMatching(/^1?$/) };

async function switchesOf(bridge: string): Promise<Record<keyof typeof closed, string>> {
  const read = async (path: string) => (await local.exec(["cat", `/proc/sys/net/${path}`])).stdout.trim();
  return {
    forwarding: await read(`ipv4/conf/${bridge}/forwarding`),
    withoutIpv6: await read(`ipv6/conf/${bridge}/disable_ipv6`),
  };
}

/** Where this machine is on a network of the cluster. */
function gatewayOf(host: ClusterState["nodes"][number] | undefined, role: Role): string {
  return `${host?.interfaces[role].address.replace(/\.\d+$/, "")}.1`;
}

test("a key is in one file, which its owner alone may read, and goes with the cluster", async () => {
  const gone = await makeOneNode("least-power-keys");
  const path = states.path(gone.cluster.id);
  const [{ privateKey = "" } = {}] = states.load(gone.cluster.id).nodes;
  try {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(await holdersHere(privateKey)).toEqual([path]);
  } finally {
    await gone[Symbol.asyncDispose]();
  }
  expect(await holdersHere(privateKey)).toEqual([]);
}, 240_000);

test("a run writes to the cache, the reports and the temporary folder alone, listens nowhere, and leaves no key", async () => {
  using reports = disposableFolder();
  await using server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // What listens is seen.
  expect(listeningOf(({ pid }) => pid === process.pid)).toHaveLength(1);
  const folders = new Set([settings.CACHE, reports.path, tmpdir(), "/tmp"].map((path) => realpathSync(path)));
  const command = [
    process.execPath,
    join(projectRoot, program),
    "conform",
    "suites/basics/basics",
    "-t",
    "B2",
  ];
  const argv = [
    "unshare",
    "--mount",
    "sh",
    "-ec",
    readOnly,
    "run",
    ...folders,
    "--",
    projectRoot,
    ...command,
  ];
  const env = {
    DRIVER: "bridge",
    ENGINE: settings.ENGINE[0] ?? "",
    NODES: "1",
    REPORTS: reports.path,
    KEEP: "",
    NO_COLOR: "1",
  };
  const heard = new Set<string>();
  // sudo passes on no variables by itself.
  const withEnvironment = ["env", ...assignments(env), ...argv];
  const running = local.exec(asRoot(await probePrivilege(local), withEnvironment), { deadlineMs: 200_000 });
  let over = false;
  const end = () => {
    over = true;
  };
  running.then(end, end);
  const seen = new Set<number>();
  const ofRun = ({ pid, environment, command: line }: Seen) => {
    const isOfRun = environment.includes(`REPORTS=${reports.path}\0`);
    if (isOfRun) seen.add(pid);
    return isOfRun || line.includes(join(settings.CACHE, "engine"));
  };
  await until({ what: "the run to end", deadlineMs: 210_000, everyMs: 50 }, () => {
    for (const socket of listeningOf(ofRun)) heard.add(socket);
    return over;
  });
  const { code, stdout, stderr } = await running;
  expect(code, `${stdout}${stderr}`).toBe(0);
  expect(seen.size).toBeGreaterThan(1);
  expect([...heard]).toEqual([]);
  expect(existsSync(join(reports.path, "conformance.json"))).toBe(true);
  expect(await local.exec(["grep", "-rlE", "PRIVATE KEY", reports.path])).toMatchObject({
    code: 1,
    stdout: "",
  });
}, 240_000);
