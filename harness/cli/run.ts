import { Command } from "commander";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { typedName } from "#harness/core/typed.ts";
import { vitestCommand, vitestOptions } from "#harness/core/vitest-program.ts";
import { $, environmentWith } from "#harness/host/local/zx.ts";

/** A command line whose mistakes end with exit code 2; `name`: that of the command, e.g. `conform`; none for netconform itself. */
export function newCommand(name?: string): Command {
  const program = new Command(name === undefined ? "netconform" : typedName(name));
  return program.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
}

/**
 * Runs a command line's `main` and turns its end into an exit code: what it resolves to, 2 for a usage error,
 * 1 for anything else. Errors of ours are told in plain words, others with their stack.
 */
export async function runMain(main: () => Promise<number | undefined>): Promise<void> {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    process.stderr.write(
      `${error instanceof HarnessError ? error.message : String((error as Error)?.stack ?? error)}\n`,
    );
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

/**
 * Runs vitest on the project with these arguments and environment, attached to this terminal; resolves to its exit code.
 * When `stop` is aborted it is told to end, and cleans up.
 */
export function runVitest(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  stop?: AbortSignal,
): Promise<number> {
  const [command = "run", ...rest] = args;
  const argv = [...vitestCommand, command, ...vitestOptions, ...rest];
  return runAttached(argv, env, stop);
}

/** Runs a tool of the project's packages, attached to this terminal; resolves to its exit code. */
export function runTool(
  tool: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  stop?: AbortSignal,
): Promise<number> {
  return runAttached([`${projectRoot}/node_modules/.bin/${tool}`, ...args], env, stop);
}

/**
 * Runs a program in the project, attached to this terminal; resolves to its exit code. Signals reach it through the
 * process group.
 */
export async function runAttached(
  argv: readonly string[],
  env: NodeJS.ProcessEnv = {},
  stop?: AbortSignal,
): Promise<number> {
  const running = $({ stdio: "inherit", env: environmentWith(env) })`${argv}`;
  const ignore = () => {};
  // The terminal sends Ctrl-C to the child as well; it cleans up, and we report how it ended.
  process.on("SIGINT", ignore);
  process.on("SIGTERM", () => running.child?.kill("SIGTERM"));
  stop?.addEventListener("abort", () => running.child?.kill("SIGTERM"));
  const { exitCode, signal } = await running;
  process.off("SIGINT", ignore);
  return exitCode ?? (signal ? 130 : 1);
}
