import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Statement, statementSchema } from "#reports/conformance/schema.ts";

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
  onOutput?: (child: ChildProcess, output: string) => void;
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

const vitestCli = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");

/** Runs vitest as a user would, in a process of its own, and yields what it reported. */
export async function runVitest(run: VitestRun): Promise<VitestOutcome> {
  const outputDir = run.outputDir ?? mkdtempSync(join(tmpdir(), "netconform-run-"));
  const child = spawn(process.execPath, [vitestCli, "run", "--config", run.config, ...(run.args ?? [])], {
    cwd: dirname(run.config),
    env: { ...withoutVitest(process.env), NO_COLOR: "1", ...run.env, REPORTS: outputDir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    run.onOutput?.(child, stdout);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, why) => resolve([code, why]));
  });
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
