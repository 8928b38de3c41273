import { constants } from "node:os";
import { openProvider } from "#harness/cluster/providers.ts";
import { ClusterStates } from "#harness/cluster/state.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { identify } from "#harness/core/process/process.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { Changes } from "./changes.ts";
import { StandingBy } from "./standby.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs `netconform run` with these arguments, and again whenever one of `paths` has changed, until a signal. Each run is a process
 * of its own, so that nothing of a plugin or driver is left from before; it leaves the cluster to the next one, without
 * the plugin. The process of the next one is there before the change, and has read nothing of either. Resolves to the exit code. Throws `UsageError` for a path at which there is nothing.
 */
export async function runWatching(
  paths: readonly string[],
  args: readonly string[],
  settings: Settings,
): Promise<number> {
  await using changes = await Changes.of(paths);
  const own = new OwnClusters(settings);
  const ended = new AbortController();
  let code = 0;
  for (const signal of signals) {
    process.on(signal, () => {
      code = 128 + constants.signals[signal];
      ended.abort();
    });
  }
  let since = performance.now();
  let next = new StandingBy(args);
  try {
    for (let first = true; ; first = false) {
      own.belongTo(next.pid);
      const ran = await next.run(ended.signal);
      if (ended.signal.aborted) return code;
      // A mistake that was there before anything started.
      if (first && ran === 2) return ran;
      const seconds = ((performance.now() - since) / 1000).toFixed(1);
      console.log(`exit code ${ran} after ${seconds} s; watching ${paths.join(", ")}; Ctrl-C ends`);
      next = new StandingBy(args);
      const changed = await changes.next(ended.signal);
      if (ended.signal.aborted) return code;
      since = performance.now();
      console.log(`\nchanged: ${changed.slice(0, 3).join(", ")}${changed.length > 3 ? ", …" : ""}`);
      if (await next.isFit(changed)) continue;
      next.end();
      next = new StandingBy(args);
    }
  } finally {
    next.end();
    if (!settings.KEEP) await own.remove();
  }
}

/** The clusters that the runs of this process have brought up. */
class OwnClusters {
  readonly #settings: Settings;
  readonly #before: ReadonlySet<string>;
  readonly #owners = new Set<string>();

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#before = new Set(new ClusterStates(settings).all().map(({ id }) => id));
  }

  /** What the process leaves is among them. */
  belongTo(pid: number | undefined): void {
    const owner = pid === undefined ? undefined : identify(pid);
    if (owner) this.#owners.add(owner);
  }

  async remove(): Promise<void> {
    const left = new ClusterStates(this.#settings)
      .all()
      .filter(({ id, owner }) => this.#owners.has(owner) && !this.#before.has(id));
    if (left.length === 0) return;
    const progress = progressOn(process.stderr);
    const provider = await openProvider(this.#settings, progress);
    for (const state of left) {
      await progress.step(`removing the cluster ${state.id}`, () => provider.tearDown(state));
    }
    await provider.release();
  }
}
