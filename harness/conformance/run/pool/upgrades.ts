import type { TargetEngine } from "#harness/cluster/engines/target-engine.ts";
import { SetUpFailed, type SetUpFailure } from "#harness/conformance/outcome.ts";
import { openTarget, type Target, type TargetSettings } from "#harness/conformance/run/target.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import type { BeforeUpgrade, UpgradeLessor } from "./lease.ts";

export interface UpgradesOptions {
  readonly settings: TargetSettings & Pick<Settings, "CLUSTER" | "DRIVER_BEFORE">;
  readonly progress: Progress;
  /** The driver under test, as in `DRIVER`. */
  readonly reference: string;
  readonly engine: TargetEngine;
  /** What workers are told of what `openTarget` throws. */
  readonly explain: (error: unknown) => Exclude<BeforeUpgrade, { readonly cluster: string }>;
}

/** Clusters of their own on which the driver under test takes over from that of `DRIVER_BEFORE`. */
export class Upgrades implements UpgradeLessor {
  readonly #options: UpgradesOptions;
  readonly #open = new Map<string, Target>();
  #closed = false;

  constructor(options: UpgradesOptions) {
    this.#options = options;
  }

  async open(): Promise<BeforeUpgrade> {
    const { settings, progress, engine, explain } = this.#options;
    const { CLUSTER, DRIVER_BEFORE } = settings;
    if (DRIVER_BEFORE === undefined) throw new HarnessError("DRIVER_BEFORE is not set");
    if (CLUSTER !== "containers") {
      return {
        obstacle: `a plugin is upgraded on a cluster of its own, and CLUSTER=${CLUSTER} has none beside that of the run`,
      };
    }
    try {
      const target = await openTarget(settings, progress, DRIVER_BEFORE, engine, { fresh: true });
      this.#open.set(target.state.id, target);
      if (this.#closed) await this.remove(target.state.id);
      return { cluster: target.state.id };
    } catch (error) {
      return explain(error);
    }
  }

  async takeOver(cluster: string): Promise<SetUpFailure | undefined> {
    const target = this.#open.get(cluster);
    if (!target) throw new HarnessError(`${cluster} is no cluster on which a plugin is upgraded`);
    try {
      await target.takeOver(this.#options.reference);
      return undefined;
    } catch (error) {
      if (error instanceof SetUpFailed) return error.failure;
      throw error;
    }
  }

  async remove(cluster: string): Promise<void> {
    const target = this.#open.get(cluster);
    this.#open.delete(cluster);
    await target?.remove();
  }

  /** Removes those whose workers have left them. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#open.keys()].map((cluster) => this.remove(cluster)));
  }
}
