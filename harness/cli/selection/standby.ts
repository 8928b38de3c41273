import { once } from "node:events";
import module from "node:module";
import { resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { projectRoot } from "#harness/core/project-root.ts";
import { $, environmentWith } from "#harness/host/local/zx.ts";

/** What a run that stands by says once it waits: the files that it has loaded until then. */
interface Ready {
  readonly loaded: readonly string[];
}

/** Where a run in its own process loads files from before it stands by. */
const own = ["harness", "reports", "suites"].map((folder) => `${projectRoot}${sep}${folder}${sep}`);

/**
 * In a process that `StandingBy` has started: loads what every run needs and nothing of a plugin or driver, and waits until it is to run. Ends
 * the process when nobody will say so any more. Resolves at once in any other process.
 */
export async function standBy(): Promise<void> {
  if (!process.send) return;
  const loaded = new Set<string>();
  const hooks = module.registerHooks?.({
    load(url, context, next) {
      if (url.startsWith("file:")) loaded.add(fileURLToPath(url));
      return next(url, context);
    },
  });
  // Without hooks nobody knows what was loaded, so nothing is.
  if (hooks) {
    await Promise.all([import("#harness/cli/vitest/run-selected.ts"), import("ssh2"), import("dockerode")]);
    hooks.deregister();
  }
  const left = () => process.exit(1);
  process.once("disconnect", left);
  process.send({ loaded: [...loaded] } satisfies Ready);
  await once(process, "message");
  process.off("disconnect", left);
  process.disconnect();
}

/**
 * A run in a process of its own, `netconform run --watched …`, that has loaded what every run needs and waits. Vitest alone takes
 * a second to load; nothing of a plugin or driver is read before `run`.
 */
export class StandingBy {
  readonly #running: ReturnType<typeof start>;
  readonly #ready: Promise<Ready | undefined>;

  constructor(args: readonly string[]) {
    this.#running = start(args);
    const { child } = this.#running;
    const ended = this.#end();
    const ready = child && once(child, "message").then(([said]) => said as Ready);
    this.#ready = ready ? Promise.race([ready, ended]) : ended;
  }

  async #end(): Promise<undefined> {
    await this.#running;
  }

  get pid(): number | undefined {
    return this.#running.pid;
  }

  /** Whether it has loaded nothing that has changed since; waits until that is known. */
  async isFit(changed: readonly string[]): Promise<boolean> {
    const ready = await this.#ready;
    if (!ready) return false;
    const loaded = new Set(ready.loaded);
    return changed.every((path) => {
      const file = resolve(path);
      return !loaded.has(file) && !own.some((folder) => file.startsWith(folder));
    });
  }

  /** Runs, and resolves to the exit code. `ended` tells it to end. */
  async run(ended: AbortSignal): Promise<number> {
    await this.#ready;
    const { child } = this.#running;
    // A terminal signals the run as well; what reaches this process alone is passed on. It takes one of both.
    const pass = () => process.stdin.isTTY || child?.kill("SIGTERM");
    ended.addEventListener("abort", pass);
    if (ended.aborted) this.end();
    else if (child?.connected) child.send("run");
    const { exitCode, signal } = await this.#running;
    ended.removeEventListener("abort", pass);
    return exitCode ?? (signal ? 130 : 1);
  }

  /** Ends it where it has not begun to run. */
  end(): void {
    const { child } = this.#running;
    if (child?.connected) child.disconnect();
  }
}

function start(args: readonly string[]) {
  const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1, 2)];
  const argv = [...program, "run", "--watched", ...args];
  const stdio = ["inherit", "inherit", "inherit", "ipc"] as const;
  return $({ stdio: [...stdio], env: environmentWith({ KEEP: "1" }) })`${argv}`;
}
