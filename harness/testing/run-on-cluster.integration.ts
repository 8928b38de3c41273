import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, parse } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ClusterStates } from "#harness/cluster/state.ts";
import { until } from "#harness/core/async/poll.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { $, environmentWith } from "#harness/host/local/zx.ts";
import { formatCommand } from "#harness/host/shell.ts";
import { readStatement, runVitest } from "#reports/vitest-run.ts";
import { program, runCommand } from "./support/run-script.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-run-on-cluster-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts `netconform run` on a terminal of its own; what it says grows in `said`. */
function start(args: readonly string[], env: Readonly<Record<string, string>>) {
  const line = formatCommand([process.execPath, join(projectRoot, program), "run", ...args]);
  const running = $({
    cwd: projectRoot,
    stdio: ["pipe", "pipe", "pipe"],
    env: environmentWith({ NO_COLOR: "1", ...env }),
  })`${["script", "--quiet", "--return", "--command", line, "/dev/null"]}`;
  const session = { running, said: "" };
  for (const stream of [running.stdout, running.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      session.said += chunk.toString();
    });
  }
  return session;
}

/** Waits until a session has said what the pattern describes, after its first `from` characters. */
function untilSaid(session: { said: string }, pattern: RegExp, from = 0): Promise<RegExpExecArray> {
  const deadline = { what: `the run to say ${pattern}`, deadlineMs: 110_000 };
  return until(
    deadline,
    () => pattern.exec(session.said.slice(from)) ?? undefined,
    () => session.said.slice(-2_000),
  );
}

test("--pause waits at a failure with everything up, leads there, and goes on at Enter", async () => {
  const REPORTS = join(folder, "pause");
  const env = { DRIVER: "bridge", FAULT: "second-interface-without-address", REPORTS };
  const session = start(["suites/basics", "-t", "B5", "--pause"], env);
  await untilSaid(session, /paused at B5 on bridge@\S+, with everything up/);
  const [, host, words] = await untilSaid(session, /cluster -- ssh -t (\S+) (nsenter \S+) sh/);
  const inside = await runCommand(["cluster", "ssh", host ?? "", `${words} ip -oneline address`], {});
  expect(inside.said).toContain("eth0");
  session.running.stdin.write("\n");
  await session.running;
  expect(session.said).toContain("going on");
  expect(readStatement(REPORTS)?.run.complete, session.said).toBe(true);
}, 240_000);

test("chapters that run side by side have a cluster each, are told one by one with what each cost, and leave nothing", async () => {
  const REPORTS = join(folder, "side-by-side");
  const { code, said } = await runCommand(
    ["run", "suites/basics/basics", "suites/external/external", "--budget"],
    {
      ...{ DRIVER: "bridge", NODES: "1", KEEP: "0", SEQUENTIAL: "0", REPORTS },
    },
  );
  expect(code, said).toBe(0);
  const clusters = [...said.matchAll(/has the new cluster (\S+),/g)].map(([, id = ""]) => id);
  expect(new Set(clusters).size, said).toBe(2);
  const told = [...said.matchAll(/(?:S5|C1 nothing of) (basics|external) /g)].map(([, chapter]) => chapter);
  expect(told.slice(0, 4), said).toEqual(
    told[0] === "basics"
      ? ["basics", "basics", "external", "external"]
      : ["external", "external", "basics", "basics"],
  );
  const [target] = readStatement(REPORTS)?.targets ?? [];
  const measured = target?.chapters?.map(({ cost }) => cost?.parts.map(({ of }) => of));
  expect(measured).toEqual([
    ["worker", "node1", "external"],
    ["worker", "node1", "external"],
  ]);
  expect(target?.cost?.processor).toEqual({ seconds: expect.any(Number) });
  const states = new ClusterStates(readSettings()).all().map(({ id }) => id);
  expect(states.filter((id) => clusters.includes(id))).toEqual([]);
}, 240_000);

/** A vitest config of the product's own in which one worker runs the chapter that kills an engine first. */
const killFirst = `import { netconform } from "${projectRoot}/harness/cli/vitest/netconform.ts";

const config = await netconform();
class KillFirst {
  async sort(files) {
    return files.toSorted((one, other) => other.moduleId.includes("killed") - one.moduleId.includes("killed"));
  }
}
export default { ...config, test: { ...config.test, sequence: { sequencer: KillFirst } } };
`;

test("a worker that comes from a chapter that kills an engine goes on with a cluster of its own, and both go", async () => {
  const config = join(folder, "kill-first.config.mjs");
  writeFileSync(config, killFirst);
  using run = await runVitest({
    config,
    args: ["suites/lifecycle/killed-engines", "suites/basics/basics", "-t", "R6b,B2", "--maxWorkers=1"],
    env: { DRIVER: "bridge", NODES: "1", KEEP: "0", SEQUENTIAL: "0" },
  });
  const said = `${run.stdout}\n${run.stderr}`;
  expect(run.exitCode, said).toBe(0);
  const results = run.statement?.targets[0]?.results ?? [];
  const passed = results.filter(({ outcome }) => outcome === "passed").map(({ requirement }) => requirement);
  expect(passed.toSorted(), said).toEqual(["B2", "R6b"]);
  const transcripts = readdirSync(join(run.outputDir, "transcripts"));
  const clusters = transcripts
    .filter((name) => !name.endsWith("-setup.jsonl"))
    .map((name) => parse(name).name);
  expect(clusters, said).toHaveLength(2);
  const states = new ClusterStates(readSettings()).all().map(({ id }) => id);
  expect(states.filter((id) => clusters.includes(id))).toEqual([]);
}, 240_000);

const driverFile = join(folder, "watched.ts");
const driverWith = (capabilities: string) => `import { dockerDriver } from "netconform";
export default dockerDriver({
  name: "watched", title: "A driver that changes", capabilities: [${capabilities}], driver: "bridge",
});
`;

test("--watch has a new verdict once a driver file has changed, on the same cluster, which goes with it", async () => {
  writeFileSync(driverFile, driverWith(""));
  const REPORTS = join(folder, "watch");
  const session = start(["suites/basics", "-t", "B5", "--watch", driverFile], {
    DRIVER: driverFile,
    REPORTS,
  });
  const outcomeOf = () =>
    readStatement(REPORTS)?.targets[0]?.results.find(({ requirement }) => requirement === "B5")?.outcome;
  await untilSaid(session, /exit code \d+ after .* s; watching/);
  expect(outcomeOf()).toBe("unsupported");
  const [, id = ""] = await untilSaid(session, /has the new cluster (\S+),/);
  const from = session.said.length;
  writeFileSync(driverFile, driverWith('"hotplug"'));
  await untilSaid(session, /exit code 0 after .* s; watching/, from);
  expect(outcomeOf()).toBe("passed");
  expect(session.said.slice(from)).toContain(`uses the kept cluster ${id}`);
  session.running.stdin.write("\u0003");
  await session.running;
  expect((await runCommand(["cluster", "status"], {})).said).not.toContain(id);
  expect(readFileSync(driverFile, "utf8")).toContain("hotplug");
}, 360_000);
