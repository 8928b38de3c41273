import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installDebugPlugins } from "#harness/cni/debug-plugins/install.ts";
import { until } from "#harness/core/async/poll.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { $, environmentWith } from "#harness/host/local/zx.ts";
import { readStatement, runVitest } from "#reports/vitest-run.ts";
import { program, runCommand } from "./support/run-script.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-run-options-"));
// A name that has a configuration ready.
const plugin = join(folder, "debug-ipam");
const plugins = join(folder, "plugins");
const sound = join(plugins, "debug-ipam");
const silent = join(plugins, "debug-ipam.result-on-stderr");
const target = "debug-ipam@cni-1.1.0";

beforeAll(() =>
  installDebugPlugins(new LocalHost(), plugins, [{ plugin: "debug-ipam", behaviour: "result-on-stderr" }]),
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The plugin under test becomes this script. */
function become(script: string): void {
  writeFileSync(plugin, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** Runs `netconform run` on the plugin, and yields how it ended, what it said and what it reported. */
async function run(name: string, args: readonly string[]) {
  const reports = join(folder, name);
  const { code, said } = await runCommand(["run", ...args], {
    ...{ REPORTS: reports, PLUGIN: plugin, CNI_VERSION: "newest", DRIVER: "bridge" },
    CNI_PATH: plugins,
  });
  const statement = readStatement(reports);
  const results = (statement?.targets ?? []).find(({ name: one }) => one === target)?.results ?? [];
  const ran = results.filter(({ outcome }) => outcome !== "not run");
  return {
    ...{ code, said, statement, reports, ran },
    outcomes: ran.map(({ requirement, outcome }) => `${requirement} ${outcome}`),
  };
}

describe("--failed", () => {
  test("runs what failed, on the same target, until nothing fails any more", async () => {
    become(`exec ${silent}`);
    const first = await run("failed", ["suites/cni/add", "-t", "CNI-4a,CNI-4b"]);
    expect(first.outcomes, first.said).toEqual(["CNI-4a failed", "CNI-4b passed"]);
    become(`exec ${sound}`);
    const again = await run("failed", ["--failed"]);
    expect(again.said).toMatch(/^failed in \S+conformance\.json \(.*\): CNI-4a on debug-ipam@cni-1\.1\.0$/m);
    expect(again.said).toMatch(/^not run again, since they did not fail there: \d+ not run$/m);
    expect(again.outcomes, again.said).toEqual(["CNI-4a passed"]);
    expect(again.code).toBe(0);
    const last = await run("failed", ["--failed"]);
    expect(last.code, last.said).toBe(0);
    expect(last.said).toMatch(/^nothing failed in .*: 1 passed$/m);
  });

  test("takes the statement of another run, of this machine or another", async () => {
    become(`exec ${silent}`);
    const first = await run("elsewhere", ["suites/cni/add", "-t", "CNI-4a"]);
    const again = await run("here", ["--failed", join(first.reports, "conformance.json")]);
    expect(again.outcomes, again.said).toEqual(["CNI-4a failed"]);
    expect(again.code).toBe(1);
    expect((await run("here", ["--failed", "suites/cni/del"])).said).toContain(
      "nothing of it is in suites/cni/del",
    );
    expect((await run("here", ["--failed", "-t", "CNI-4b"])).said).toContain("nothing of it is in CNI-4b");
  });

  test("ends with 2 and one message for a statement that it cannot run again", async () => {
    const missing = await run("none", ["--failed"]);
    expect(missing.code).toBe(2);
    expect(missing.said).toContain("--failed: there is no statement");
    become(`exec ${silent}`);
    const { reports } = await run("old", ["suites/cni/add", "-t", "CNI-4a"]);
    const path = join(reports, "conformance.json");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/"schemaVersion": "[^"]*"/, '"schemaVersion": "0.9"'));
    expect(await run("other", ["--failed", path])).toMatchObject({
      code: 2,
      said: expect.stringMatching(/expected a statement of version \S+, got "0\.9"/),
    });
    writeFileSync(path, text.replaceAll('"CNI-4a"', '"CNI-999"'));
    const unknown = await run("other", ["--failed", path]);
    expect(unknown).toMatchObject({ code: 2, said: expect.stringContaining("CNI-999: no such requirement") });
    expect(unknown.said.trim().split("\n")).toHaveLength(1);
    writeFileSync(path, text.replaceAll(`"${target}"`, '"another@cni-1.1.0"'));
    const elsewhere = await run("other", ["--failed", path]);
    expect(elsewhere.code, elsewhere.said).toBe(2);
    expect(elsewhere.said).toMatch(/another@cni-1\.1\.0: no such target; expected one of [\s\S]*next: /);
  });
});

test("--repeat tells in how many rounds a requirement passed, and is red where one round is", async () => {
  // Of the calls of one round, all are answered well in the first and the third round, and none in the second.
  const log = join(folder, "calls");
  become(`echo "$CNI_COMMAND" >> ${log}; exec ${sound}`);
  const args = ["suites/cni/add", "-t", "CNI-4a", "--repeat"];
  const once = await run("repeat", [...args, "1"]);
  expect(once.code, once.said).toBe(0);
  expect(once.statement?.run.rounds).toBeUndefined();
  const calls = readFileSync(log, "utf8").split("\n");
  // One is the reference attachment, which comes before the first round.
  const each = calls.filter((call) => call === "ADD").length - 1;
  rmSync(log);
  become(
    `if [ "$CNI_COMMAND" = ADD ]; then echo ADD >> ${log}; [ $(( ($(wc -l < ${log}) - 2) / ${each} )) = 1 ] && exec ${silent}; fi; exec ${sound}`,
  );
  const { code, said, statement, ran } = await run("repeat", [...args, "3"]);
  expect(code, said).toBe(1);
  expect(statement?.run).toMatchObject({ rounds: 3, complete: true });
  expect(ran.map(({ outcome, rounds }) => ({ outcome, rounds }))).toEqual([
    { outcome: "failed", rounds: ["passed", "failed", "passed"] },
  ]);
  expect(ran[0]?.tests.map(({ round }) => round).toSorted()).toEqual([1, 2, 3]);
  expect(said).toContain(`CNI-4a on ${target}: passed in 2 of 3, ✔✘✔`);
});

test("--repeat is green where every round is", async () => {
  become(`exec ${sound}`);
  const { code, said } = await run("repeat", ["suites/cni/add", "-t", "CNI-4a", "--repeat", "2"]);
  expect(code, said).toBe(0);
  expect(said).toContain(`${target}  passed in 2 of 2: CNI-4a`);
});

test("--watch runs again after each change, with all of it as it is then, and ends with a signal", {
  timeout: 600_000,
}, async () => {
  become(`exec ${silent}`);
  const argv = [process.execPath, join(projectRoot, program), "run", "suites/cni/add", "-t", "CNI-4a"];
  const env = { REPORTS: join(folder, "watch"), PLUGIN: plugin, CNI_VERSION: "newest", DRIVER: "bridge" };
  const running = $({
    cwd: projectRoot,
    env: environmentWith({ NO_COLOR: "1", CNI_PATH: plugins, ...env }),
  })`${[...argv, "--watch", plugin]}`;
  let said = "";
  running.stdout.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  const codes = () => [...said.matchAll(/^exit code (\d) after/gm)].map(([, code]) => code);
  const untilRuns = (count: number) =>
    until({ what: `${count} runs to end`, deadlineMs: 200_000 }, () => codes().length === count);
  try {
    await untilRuns(1);
    become(`exec ${sound}`);
    await untilRuns(2);
    become(`exec ${silent}`);
    await untilRuns(3);
  } finally {
    running.child?.kill("SIGTERM");
  }
  const { exitCode } = await running;
  expect(codes(), said).toEqual(["1", "0", "1"]);
  expect(said).toMatch(/^changed: \S*debug-ipam$/m);
  expect(exitCode).toBe(143);
});

test("--shuffle tells its seed, which can be given again", async () => {
  become(`exec ${sound}`);
  const seedOf = async (...args: string[]) => {
    const { code, said, statement } = await run("shuffle", ["suites/cni/add", "-t", "CNI-4a", ...args]);
    expect(code, said).toBe(0);
    const seed = statement?.run.seed;
    expect(said).toContain(`chapters and tests in the order of --shuffle ${seed}`);
    return seed;
  };
  const seed = await seedOf("--shuffle");
  expect(seed).toBeGreaterThan(0);
  expect(await seedOf("--shuffle", String(seed))).toBe(seed);
});

test("a seed gives tests an order, and the same seed the same, but what judges the whole keeps its place", async () => {
  const ordered = async (seed: string) => {
    using outcome = await runVitest({
      config: join(projectRoot, "reports/fixtures/vitest.config.ts"),
      args: ["--project", "bridge@26.1"],
      env: { FIXTURES: "ordered", SEED: seed },
    });
    expect(outcome.exitCode, outcome.stdout).toBe(0);
    const results = outcome.statement?.targets.find(({ name }) => name === "bridge@26.1")?.results ?? [];
    return results
      .filter(({ facts }) => facts?.place !== undefined)
      .sort((a, b) => Number(a.facts?.place) - Number(b.facts?.place))
      .map(({ requirement }) => requirement);
  };
  const [written, first, again, other] = await Promise.all(["", "1", "1", "2"].map(ordered));
  expect(written).toEqual(["S5", "B1", "B2", "B3", "B4", "M1", "M3", "M4", "M5", "M6", "C1"]);
  expect(again).toEqual(first);
  for (const order of [first, other]) {
    expect(order).not.toEqual(written);
    expect(order?.toSorted()).toEqual(written?.toSorted());
    expect([order?.at(0), order?.at(-1)]).toEqual(["S5", "C1"]);
  }
  expect(other).not.toEqual(first);
});
