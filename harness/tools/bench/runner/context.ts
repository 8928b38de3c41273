import type { EngineContext } from "#harness/cluster/containers/lifecycle.ts";
import { type Engine, ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { ensureNodeImage } from "#harness/cluster/images/node-image.ts";
import { ClusterStates } from "#harness/cluster/state.ts";
import type { TargetSettings } from "#harness/conformance/run/target.ts";
import { openTarget, type Target } from "#harness/conformance/run/target.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { ownIdentity } from "#harness/core/process/process.ts";
import type { EngineVersion, Settings } from "#harness/core/settings/settings.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { findProgram } from "#harness/host/setup/install.ts";

export interface BenchOptions {
  settings: TargetSettings & Pick<Settings, "ENGINE">;
  progress: Progress;
  /** How often what takes long is measured; medians are told. */
  rounds: number;
}

/** What benchmarks share: the host engine and one cluster with `overlay`, each brought up on first use. */
export class BenchContext implements AsyncDisposable {
  readonly settings: TargetSettings & Pick<Settings, "ENGINE">;
  readonly progress: Progress;
  readonly rounds: number;
  readonly version: EngineVersion;
  readonly #known = new Map<unknown, Promise<unknown>>();
  #engine: Promise<Engine> | undefined;
  #target: Promise<Target> | undefined;

  constructor({ settings, progress, rounds }: BenchOptions) {
    this.settings = settings;
    this.progress = progress;
    this.rounds = rounds;
    this.version = settings.ENGINE[0] ?? "26.1";
  }

  engine(): Promise<Engine> {
    this.#engine ??= ensureEngine(this.settings, this.progress);
    return this.#engine;
  }

  /** Whether this machine has Docker's command line, with which plain ways are measured; an engine may come without. */
  async hasDockerCommand(): Promise<boolean> {
    return (await findProgram(new LocalHost(), "docker")) !== undefined;
  }

  async engineContext(): Promise<EngineContext> {
    const { docker, host } = await this.engine();
    return { docker, host, settings: this.settings, progress: this.progress };
  }

  /** Name of the node image, which is in the host engine. */
  async nodeImage(): Promise<string> {
    return ensureNodeImage((await this.engine()).docker, this.version, this.settings, this.progress);
  }

  /** Two nodes with `overlay` installed, new, so that it is known what they carry. */
  target(): Promise<Target> {
    this.#target ??= openTarget(this.settings, this.progress, "overlay", this.version, { fresh: true });
    return this.#target;
  }

  /** Lets another process, started by `work`, take the cluster as a kept one; afterwards it is ours again. */
  async lend<T>(work: () => Promise<T>): Promise<T> {
    const { state } = await this.target();
    const states = new ClusterStates(this.settings);
    // Nobody is its owner while it waits to be taken.
    states.save({ ...state, kept: true, inUse: false, owner: "" });
    try {
      return await work();
    } finally {
      states.save({ ...state, kept: false, owner: ownIdentity() });
    }
  }

  /** Does `work` once, however many benchmarks need its result. */
  once<T>(work: (context: BenchContext) => Promise<T>): Promise<T> {
    const known = (this.#known.get(work) as Promise<T> | undefined) ?? work(this);
    this.#known.set(work, known);
    return known;
  }

  /** Removes what was brought up. */
  async [Symbol.asyncDispose](): Promise<void> {
    const target = await this.#target?.catch(() => undefined);
    await target?.remove();
    const engine = await this.#engine?.catch(() => undefined);
    await engine?.release();
  }
}
