import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { runVitest } from "#reports/vitest-run.ts";

const settings = readSettings();
const folder = mkdtempSync(join(tmpdir(), "netconform-driver-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A driver file outside the project: Docker's bridge that declares `names` alone, with `changes` to what it connects to. */
function modestDriver(name: string, changes: string): string {
  const path = join(folder, `${name}.ts`);
  writeFileSync(
    path,
    `import { type Cluster, defineDriver, loadDriver, type Network, type NetworkSpec, type Scope, uniqueName } from "netconform";

export default defineDriver(async (settings) => {
  const bridge = await loadDriver("bridge", settings);
  return {
    ...bridge,
    name: "${name}",
    title: "Docker bridge, which says little of itself",
    capabilities: ["names"],
    binaries: async () => ["/usr/bin/env", "/usr/bin/not-there"],
    async connect(cluster, attachment) {
      const installed = await bridge.connect(cluster, attachment);
      return { ...installed, ${changes} };
    },
  };
});

/** Makes something on a node that nobody removes. */
async function litter(cluster: Cluster): Promise<void> {
  await cluster.nodes[0]?.docker.createNetwork({ Name: uniqueName("litter"), Driver: "bridge" });
}
`,
  );
  return path;
}

/** Runs chapters against a driver file on a cluster that is made for it, and yields the one target's statement. */
async function run(driver: string, args: readonly string[]) {
  const outcome = await runVitest({
    config: join(projectRoot, "vitest.config.ts"),
    args,
    env: { DRIVER: driver, ENGINE: settings.ENGINE[0] ?? "", NODES: "2", KEEP: "0" },
  });
  onTestFinished(() => outcome[Symbol.dispose]());
  const said = `${outcome.stdout}\n${outcome.stderr}`;
  const target = outcome.statement?.targets.find(({ results }) =>
    results.some(({ outcome: one }) => one !== "not run"),
  );
  if (!target) throw new Error(`nothing was run\n${said}`);
  const resultOf = (id: string) => target.results.find(({ requirement }) => requirement === id);
  return { ...outcome, said, target, resultOf };
}

/** The number of the first line of a file that holds a text. */
function lineOf(path: string, text: string): number {
  const lines = readFileSync(join(projectRoot, path), "utf8").split("\n");
  return lines.findIndex((line) => line.includes(text)) + 1;
}

const withVersions = 'versions: async () => ({ "Docker bridge": "of the engine" })';

describe("a driver file outside the project", () => {
  test("imports the public API, and a run has what it does not declare and yet can, and its versions", async () => {
    const { exitCode, said, target, resultOf } = await run(modestDriver("modest", withVersions), [
      "suites/basics",
      "suites/external",
    ]);
    expect(exitCode, said).toBe(0);
    for (const [id, capability] of [
      ["B5", "hotplug"],
      ["X2", "outbound"],
      ["X3", "publish"],
    ] as const) {
      const note = `it holds although modest does not declare ${capability}`;
      expect(resultOf(id)).toMatchObject({
        outcome: "unsupported",
        reason: `modest does not declare ${capability}`,
        notes: [note],
        evidence: [],
      });
      expect(said).toContain(`${id} on modest@${target.engine}: ${note}`);
    }
    expect(resultOf("X1")).toMatchObject({
      outcome: "unsupported",
      reason: "modest does not declare gwbridge",
    });
    expect(resultOf("X1")?.notes).toBeUndefined();
    expect(target.versions).toEqual({ "Docker bridge": "of the engine" });
    expect(target.nodes?.map(({ name }) => name)).toEqual(["node1", "node2"]);
    expect(target.nodes?.[0]).toMatchObject({
      engine: expect.stringContaining(target.engine),
      kernel: resultOf("S1")?.facts?.["node1 kernel"],
    });
    const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(target.binaries).toEqual([{ path: "/usr/bin/env", sha256 }]);
    expect(resultOf("B1")?.tests[0]).toMatchObject({
      file: "suites/basics/basics.test.ts",
      line: lineOf("suites/basics/basics.test.ts", 'requirement("B1"'),
    });
    expect(resultOf("S1")?.facts).toMatchObject({ "Docker bridge": "of the engine" });
  });

  test("is not held to what it leaves where it was only tried, and the chapters go on", async () => {
    const leaving = `async createNetwork(scope: Scope, spec: NetworkSpec = {}) {
      const network = await installed.createNetwork(scope, spec);
      return new Proxy(network, {
        get(target, name) {
          const value = Reflect.get(target, name);
          if (typeof value !== "function") return value;
          return async (...args: Parameters<Network["run"]>) => {
            if (name === "connect" || args[2]?.publish) await litter(cluster);
            return Reflect.apply(value, target, args);
          };
        },
      });
    }`;
    const { exitCode, said, resultOf } = await run(modestDriver("littering", leaving), [
      "suites/basics",
      "suites/external",
    ]);
    expect(said).toContain("littering left this behind when what it does not declare was tried in basics");
    expect(said).toContain("littering left this behind when what it does not declare was tried in external");
    expect(exitCode, said).toBe(0);
    const files = globSync("suites/{basics,external}/*.test.ts", { cwd: projectRoot });
    const all = files.map(() => "passed");
    expect(resultOf("S5")?.tests.map(({ outcome }) => outcome)).toEqual(all);
    expect(resultOf("C1")?.tests.map(({ outcome }) => outcome)).toEqual(all);
  });

  test("that connects without what it declares ends the run with exit code 2 before anything is judged", async () => {
    const path = modestDriver("boasting", "createNetwork: installed.createNetwork");
    const boasting = readFileSync(path, "utf8").replace('["names"]', '["names", "tenants"]');
    writeFileSync(path, boasting);
    const outcome = await runVitest({
      config: join(projectRoot, "vitest.config.ts"),
      args: ["suites/basics"],
      env: { DRIVER: path, ENGINE: settings.ENGINE[0] ?? "", NODES: "1", KEEP: "0" },
    });
    onTestFinished(() => outcome[Symbol.dispose]());
    const said = `${outcome.stdout}\n${outcome.stderr}`;
    expect(outcome.exitCode, said).toBe(2);
    expect(said).toContain(
      `DRIVER=${path}: ${path} declares what it lacks\n  tenants: expected createTenant`,
    );
    expect(said.split("declares what it lacks")).toHaveLength(2);
    const results = outcome.statement?.targets.flatMap((target) => target.results) ?? [];
    expect(results.filter(({ outcome: one }) => one !== "not run")).toEqual([]);
  });

  test("that cannot tell its versions fails nothing", async () => {
    const failing = 'versions: () => Promise.reject(new Error("the plugin does not say"))';
    const { exitCode, said, target } = await run(modestDriver("silent", failing), [
      "suites/basics",
      "-t",
      "S1",
    ]);
    expect(exitCode, said).toBe(0);
    expect(target.versions).toEqual({});
    expect(said).toContain("silent: its versions are not known: the plugin does not say");
  });
});
