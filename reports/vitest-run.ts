import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { configLoader, vitestCommand } from "#harness/core/vitest-program.ts";
import { $, environmentWith } from "#harness/host/local/zx.ts";
import { type Statement, statementSchema } from "#reports/conformance/schema.ts";

/** A run that is under way. */
export interface RunningVitest {
  readonly pid: number | undefined;
  /** Signals the process itself, not those that it started. */
  kill(signal: NodeJS.Signals): void;
}

export interface VitestRun {
  /** vitest config file, absolute. */
  config: string;
  /** Further arguments of `vitest run`, e.g. `["-t", "M4"]`. */
  args?: readonly string[];
  /** Environment on top of this process's. */
  env?: Readonly<Record<string, string>>;
  /** Folder for the reports; default: a new one below the system's temporary folder. */
  outputDir?: string;
  /** Called with the running process and its output so far, e.g. to kill it in the middle. */
  onOutput?: (running: RunningVitest, output: string) => void;
}

export interface VitestOutcome extends Disposable {
  /** `null` when a signal ended the process. */
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** The reports folder; goes when the outcome is disposed, unless it was given. */
  outputDir: string;
  /** The conformance statement, if one was written; read with the published schema. */
  statement: Statement | undefined;
}

/** Runs vitest as a user would, in a process of its own, and yields what it reported. */
export async function runVitest(run: VitestRun): Promise<VitestOutcome> {
  const outputDir = run.outputDir ?? mkdtempSync(join(tmpdir(), "netconform-run-"));
  const options = [`--config=${run.config}`, `--configLoader=${configLoader}`];
  const argv = [...vitestCommand, "run", ...options, ...(run.args ?? [])];
  const running = $({
    cwd: dirname(run.config),
    env: { ...withoutVitest(environmentWith()), NO_COLOR: "1", ...run.env, REPORTS: outputDir },
    stdio: ["ignore", "pipe", "pipe"],
  })`${argv}`;
  const handle: RunningVitest = { pid: running.pid, kill: (signal) => running.child?.kill(signal) };
  let said = "";
  const decoder = new TextDecoder();
  running.stdout.on("data", (chunk: Buffer) => {
    said += decoder.decode(chunk, { stream: true });
    run.onOutput?.(handle, said);
  });
  const { exitCode, signal, stdout, stderr } = await running;
  return {
    exitCode,
    signal,
    stdout,
    stderr,
    outputDir,
    statement: readStatement(outputDir),
    [Symbol.dispose]() {
      if (run.outputDir === undefined) rmSync(outputDir, { recursive: true, force: true });
    },
  };
}

/** The statement in a reports folder. Throws when it does not fit the schema. */
export function readStatement(folder: string): Statement | undefined {
  const path = join(folder, "conformance.json");
  return existsSync(path) ? statementSchema.parse(JSON.parse(readFileSync(path, "utf8"))) : undefined;
}

/** A vitest inside a vitest must not take itself for a worker of the outer one. */
function withoutVitest(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = /^(VITEST|TEST$|NODE_ENV$|FORCE_COLOR$|CI$|GITHUB_)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign.test(name)));
}
