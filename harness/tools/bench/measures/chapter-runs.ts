import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { externalHostName } from "#harness/cluster/external/external-host.ts";
import type { ClusterState, HostState } from "#harness/cluster/state.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { vitestConfig } from "#harness/core/vitest-program.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import type { TranscriptEntry } from "#harness/host/transcript.ts";
import type { BenchContext } from "#harness/tools/bench/runner/context.ts";
import { runVitest } from "#reports/vitest-run.ts";
import { type MemoryReading, MemorySampler } from "./memory.ts";

/** The script takes minutes; nothing is concluded from how long it may take. */
const scriptMs = 1_800_000;

/** The chapters that Docker's own overlay driver can show; their cluster is up before the clock starts. */
export const chapters = ["basics", "multihost", "external", "swarm"];

/** One way through all chapters. */
export interface ChaptersRun {
  readonly milliseconds: number;
  readonly commands: number;
  readonly checks: number;
}

export interface HarnessRun extends ChaptersRun {
  /** From the start of the process to the first command on a node. */
  readonly startMilliseconds: number;
  readonly memory: MemoryReading;
}

export interface ChapterRuns {
  readonly harness: readonly HarnessRun[];
  readonly script: readonly ChaptersRun[];
}

/** Runs the chapters through the harness and as a plain script, in turns, on one cluster. Throws when either does not pass. */
export async function runChapters(context: BenchContext): Promise<ChapterRuns> {
  const { state } = await context.target();
  const harness: HarnessRun[] = [];
  const script: ChaptersRun[] = [];
  for (let round = 0; round < context.rounds; round++) {
    script.push(await context.progress.step("the chapters as a script", () => throughScript(state)));
    harness.push(
      await context.progress.step("the chapters through the harness", () => throughHarness(context)),
    );
  }
  return { harness, script };
}

async function throughHarness(context: BenchContext): Promise<HarnessRun> {
  const { name } = await context.nodeEngines();
  const reports = mkdtempSync(join(tmpdir(), "netconform-bench-"));
  const memory = new MemorySampler(process.pid);
  try {
    const startedAt = Date.now();
    const start = performance.now();
    const outcome = await context.lend(() =>
      runVitest({
        config: vitestConfig,
        args: ["--project", `overlay@${name}`, ...chapters.map((chapter) => `suites/${chapter}/`)],
        env: {
          DRIVER: "overlay",
          ENGINE: context.word,
          NODES: String(context.settings.NODES),
          KEEP: "1",
          FAULT: "",
          MEND: "",
        },
        outputDir: reports,
      }),
    );
    const milliseconds = performance.now() - start;
    const tests =
      outcome.statement?.targets.flatMap(({ results }) => results.flatMap((result) => result.tests)) ?? [];
    const passed = tests.filter((test) => test.outcome === "passed").length;
    if (outcome.exitCode !== 0 || passed === 0) {
      throw new HarnessError(
        `the chapters did not pass:\n${outcome.stdout.slice(-4000)}${outcome.stderr.slice(-2000)}`,
      );
    }
    const commands = readCommands(reports);
    const first = Math.min(...commands.map((command) => command.startedAt));
    return {
      milliseconds,
      startMilliseconds: first - startedAt,
      commands: commands.length,
      checks: passed,
      memory: memory.stop(),
    };
  } finally {
    memory.stop();
    rmSync(reports, { recursive: true, force: true });
  }
}

function readCommands(reports: string): TranscriptEntry[] {
  const folder = join(reports, "transcripts");
  return readdirSync(folder).flatMap((file) =>
    readFileSync(join(folder, file), "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as TranscriptEntry),
  );
}

async function throughScript(state: ClusterState): Promise<ChaptersRun> {
  const folder = mkdtempSync(join(tmpdir(), "netconform-bench-"));
  const [node1, node2] = state.nodes;
  if (!node1 || !node2) throw new HarnessError(`the script needs two nodes, got ${state.nodes.length}`);
  const env = {
    SSH_CONFIG: writeSshConfig(folder, state),
    IMAGE: state.image,
    ENGINE: node1.engine ?? state.engine,
    NODE1: node1.interfaces.management.address,
    NODE2: node2.interfaces.management.address,
    NODE1_CONTROL: node1.interfaces.control.address,
    NODE2_CONTROL: node2.interfaces.control.address,
    EXTERNAL: state.external?.interfaces.management.address ?? "",
    EXTERNAL_NAME: externalHostName,
  };
  try {
    const start = performance.now();
    const script = join(import.meta.dirname, "chapters.sh");
    const { code, stdout, stderr } = await new LocalHost().exec(["sh", script], {
      env,
      deadlineMs: scriptMs,
    });
    const milliseconds = performance.now() - start;
    const [, commands, checks] = /^\s*(\d+) commands, (\d+) checks, 0 failures$/m.exec(stdout) ?? [];
    if (code !== 0 || commands === undefined)
      throw new HarnessError(`chapters.sh did not pass:\n${`${stdout}${stderr}`.slice(-6000)}`);
    return { milliseconds, commands: Number(commands), checks: Number(checks) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One connection for each host, opened by its first command, as a person in a hurry would set it up. */
function writeSshConfig(folder: string, state: ClusterState): string {
  const key = join(folder, "key");
  const knownHosts = join(folder, "known_hosts");
  const hosts: readonly HostState[] = [...state.nodes, ...(state.external ? [state.external] : [])];
  writeFileSync(key, hosts[0]?.privateKey ?? "", { mode: 0o600 });
  writeFileSync(knownHosts, hosts.map(({ name, hostKeys }) => `${name} ${hostKeys[0]}\n`).join(""));
  const config = join(folder, "config");
  const each = hosts.map(({ name, address, port, user }) => {
    return `Host ${name}\n  HostName ${address}\n  HostKeyAlias ${name}\n  Port ${port}\n  User ${user}\n`;
  });
  const all = {
    IdentityFile: key,
    IdentitiesOnly: "yes",
    UserKnownHostsFile: knownHosts,
    ControlMaster: "auto",
    ControlPath: join(folder, "%n"),
    ControlPersist: "yes",
    LogLevel: "ERROR",
  };
  const shared = Object.entries(all).map(([name, value]) => `  ${name} ${value}\n`);
  writeFileSync(config, `${each.join("")}Host *\n${shared.join("")}`);
  return config;
}
