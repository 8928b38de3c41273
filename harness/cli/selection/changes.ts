import { once } from "node:events";
import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import { type FSWatcher, watch } from "chokidar";
import { UsageError } from "#harness/core/errors.ts";

/** What nobody means by a plugin's source, and what is written while it is run. */
const ignored = /(^|\/)(node_modules|\.git|__pycache__)(\/|$)/;

/** Files, and folders with all that is in them, as they change. A change is told once its writing has ended. */
export class Changes implements AsyncDisposable {
  readonly #watcher: FSWatcher;
  readonly #changed = new Set<string>();
  #wake: (() => void) | undefined;

  private constructor(watcher: FSWatcher) {
    this.#watcher = watcher;
    watcher.on("all", (_event, path) => {
      this.#changed.add(path);
      this.#wake?.();
    });
  }

  /** Watches from now on. Throws `UsageError` for a path at which there is nothing. */
  static async of(paths: readonly string[]): Promise<Changes> {
    for (const path of paths) {
      if (!existsSync(path)) {
        throw new UsageError(`--watch ${path}: there is no file or folder ${resolve(path)}`);
      }
    }
    const watcher = watch([...paths], {
      ignored: (path) => ignored.test(path),
      ignoreInitial: true,
      awaitWriteFinish: { stabilityThreshold: 100, pollInterval: 25 },
    });
    await once(watcher, "ready");
    return new Changes(watcher);
  }

  /** What has changed since the last call, relative to the current folder; waits for a change. Empty once `signal` is aborted. */
  async next(signal: AbortSignal): Promise<string[]> {
    if (this.#changed.size === 0 && !signal.aborted) {
      const { promise, resolve: wake } = Promise.withResolvers<void>();
      this.#wake = wake;
      signal.addEventListener("abort", () => wake(), { once: true });
      await promise;
    }
    if (signal.aborted) return [];
    const changed = [...this.#changed].map((path) => relative(process.cwd(), path));
    this.#changed.clear();
    return changed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watcher.close();
  }
}
