import { HarnessError } from "#harness/core/errors.ts";
import { Attachments } from "./attachments.ts";
import { Networks, type Numbering } from "./networks.ts";
import { Policies } from "./policies.ts";
import { Pools } from "./pools.ts";
import type { State } from "./state/state.ts";
import type { Store } from "./state/store.ts";

/** The parts of the model over one draft of the state. */
export interface Draft {
  readonly state: State;
  readonly pools: Pools;
  readonly networks: Networks;
  readonly policies: Policies;
  readonly attachments: Attachments;
}

/**
 * What the plugin knows, apart from any protocol or node. Changes are whole: one that throws leaves the state and
 * the file as they were, one that returns is on disk.
 */
export class Model {
  readonly #store: Store;
  readonly #numbering: Numbering;
  #state: State;
  #closed = false;

  constructor(store: Store, numbering: Numbering) {
    this.#store = store;
    this.#numbering = numbering;
    this.#state = store.load();
  }

  get state(): Readonly<State> {
    return this.#state;
  }

  /** Throws `Refusal` as the work does, and `HarnessError` once the model is closed. */
  change<T>(work: (draft: Draft) => T): T {
    if (this.#closed) throw new HarnessError("the plugin has ended");
    const { result, state } = this.#draft(work);
    this.#store.save(state);
    this.#state = state;
    return result;
  }

  /** What `change` would do, without doing it. */
  rehearse<T>(work: (draft: Draft) => T): T {
    return this.#draft(work).result;
  }

  /** Refuses changes from now on: the file belongs to the next model. */
  close(): void {
    this.#closed = true;
  }

  #draft<T>(work: (draft: Draft) => T): { result: T; state: State } {
    const state = structuredClone(this.#state);
    const pools = new Pools(state);
    const networks = new Networks(state, this.#numbering);
    const policies = new Policies(state);
    const attachments = new Attachments(state, pools, networks);
    return { result: work({ state, pools, networks, policies, attachments }), state };
  }
}
