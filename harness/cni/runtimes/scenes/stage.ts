import { negotiateVersion } from "#harness/cni/protocol/version.ts";
import { recorders } from "#harness/cni/runtimes/recording/recording.ts";
import type { NetworkList, Operation, RuntimeUnderTest } from "#harness/cni/runtimes/runtime-under-test.ts";
import { messageOf } from "#harness/core/errors.ts";
import { specVersions } from "#suites/requirements/spec-version.ts";
import type { Asked, Played, SceneName } from "./played.ts";

/** Where a scene is played: asks a runtime for things and keeps what was asked. A refusal is no error here. */
export class Stage {
  readonly runtime: RuntimeUnderTest;
  readonly #asked: Asked[] = [];
  #lists: readonly NetworkList[] = [];

  constructor(runtime: RuntimeUnderTest) {
    this.runtime = runtime;
  }

  get recording() {
    return this.runtime.recording;
  }

  async configure(...lists: NetworkList[]): Promise<void> {
    this.#lists = lists;
    await this.runtime.configure(lists);
    await this.recording.obey();
    await this.recording.clear();
  }

  add(container: string): Promise<Asked> {
    const networks = this.#lists.map(({ name }) => name);
    return this.#ask("ADD", { container }, () => this.runtime.add(container, networks));
  }

  del(container: string): Promise<Asked> {
    return this.#ask("DEL", { container }, () => this.runtime.del(container));
  }

  /** Of no runtime's doing: its calls count, but nobody has asked for them. */
  async abandon(container: string): Promise<void> {
    await this.runtime.abandon(container).catch(() => {});
  }

  async check(container: string): Promise<void> {
    const { runtime } = this;
    if (runtime.check)
      await this.#ask("CHECK", { container }, async () => runtime.check?.(container, this.#network));
  }

  async gc(...valid: string[]): Promise<void> {
    const { runtime } = this;
    if (runtime.gc) await this.#ask("GC", { valid }, async () => runtime.gc?.(this.#network, valid));
  }

  async status(): Promise<void> {
    const { runtime } = this;
    if (runtime.status) await this.#ask("STATUS", {}, async () => runtime.status?.(this.#network));
  }

  /** What was played so far, and the calls of it. */
  async played(scene: SceneName): Promise<Played> {
    const { speaks, network } = this.runtime;
    const [list] = this.#lists;
    const offered = [
      ...(list ? [list.cniVersion] : []),
      ...(knowsLists(speaks) ? (list?.cniVersions ?? []) : []),
    ];
    const known = specVersions.slice(0, specVersions.indexOf(speaks) + 1);
    const calls = await this.recording.calls();
    return {
      scene,
      lists: this.#lists,
      version: negotiateVersion(offered, known),
      network,
      asked: this.#asked.toSorted((one, other) => one.startedAt - other.startedAt),
      // Some ask every plugin for its version first, which is nothing that is done with a network.
      calls: calls.filter(
        ({ plugin, command }) => (recorders as readonly string[]).includes(plugin) && command !== "VERSION",
      ),
    };
  }

  get #network(): string {
    return this.#lists[0]?.name ?? "";
  }

  async #ask(
    operation: Operation,
    about: Pick<Asked, "container" | "valid">,
    work: () => Promise<void>,
  ): Promise<Asked> {
    const startedAt = Date.now();
    const error = await work().then(
      () => undefined,
      (reason: unknown) => messageOf(reason),
    );
    const asked = {
      operation,
      ...about,
      startedAt,
      endedAt: Date.now(),
      ...(error !== undefined && { error }),
    };
    this.#asked.push(asked);
    return asked;
  }
}

/** Whether a runtime that speaks this version reads `cniVersions`, which came with 1.1.0. */
function knowsLists(speaks: RuntimeUnderTest["speaks"]): boolean {
  return speaks === "1.1.0";
}
