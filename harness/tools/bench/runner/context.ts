import type { EngineContext } from "#harness/cluster/containers/lifecycle.ts";
import { identifyEngine } from "#harness/cluster/engines/identify.ts";
import type { TargetEngine } from "#harness/cluster/engines/target-engine.ts";
import { type Engine, ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { ensureNodeImage } from "#harness/cluster/images/node-image.ts";
import { ClusterStates } from "#harness/cluster/state.ts";
import type { TargetSettings } from "#harness/conformance/run/target.ts";
import { openTarget, type Target } from "#harness/conformance/run/target.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { ownIdentity } from "#harness/core/process/process.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
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
  /** The engine on the nodes, as a word of ENGINE. */
  readonly word: string;
  readonly #known = new Map<unknown, Promise<unknown>>();
  #engine: Promise<Engine> | undefined;
  #target: Promise<Target> | undefined;
  #nodeEngines: Promise<TargetEngine> | undefined;

  constructor({ settings, progress, rounds }: BenchOptions) {
    this.settings = settings;
    this.progress = progress;
    this.rounds = rounds;
    this.word = settings.ENGINE[0] ?? "26.1";
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
    const { docker, host, private: own } = await this.engine();
    return { docker, host, private: own, settings: this.settings, progress: this.progress };
  }

  /** The engines on the nodes. */
  nodeEngines(): Promise<TargetEngine> {
    this.#nodeEngines ??= identifyEngine(this.word, this.settings, this.progress);
    return this.#nodeEngines;
  }

  /** Name of the image of the first node, which is in the host engine. */
  async nodeImage(): Promise<string> {
    const { docker } = await this.engine();
    const source = (await this.nodeEngines()).nodes[0]?.source;
    if (!source) throw new HarnessError(`ENGINE=${this.word} names no engine`);
    return (await ensureNodeImage(docker, source, this.settings, this.progress)).image;
  }

  /** Two nodes with `overlay` installed, new, so that it is known what they carry. */
  target(): Promise<Target> {
    this.#target ??= this.nodeEngines().then((engines) =>
      openTarget(this.settings, this.progress, "overlay", engines, { fresh: true }),
    );
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
