import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { allEnded } from "#harness/core/async/all-ended.ts";
import { sayHowFar } from "#harness/core/async/how-far.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { ProbeFailed } from "#harness/core/errors.ts";
import type { Tallied, Tally } from "#harness/observe/capture/tally.ts";
import { besideControl } from "#harness/observe/probe/control.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import type { Field } from "./field.ts";
import type { Running } from "./first-process.ts";
import type { SenderSpec } from "./sender.ts";
import { Senders } from "./senders.ts";
import { type Border, isBroken, type Leak, leaksAmong, type Start } from "./starts.ts";

/** How containers start and stop here. */
export interface CampaignOptions {
  readonly starts: number;
  readonly atATime: number;
  readonly begin: (scope: Scope, node: ClusterNode, spec: SenderSpec) => Promise<Running>;
  /** Whether a container loses its network before it ends. */
  readonly losesNetwork: (number: number) => boolean;
}

const firstPacketMs = 60_000;

/** Something that is counted, and what packets had to get past to come there. */
interface Place {
  readonly border: Border;
  readonly at: string;
  readonly tally: Tally;
}

/**
 * Containers that start and stop, several at a time. Each border is judged by as many as it needs: by all of them, unless it is broken before. Those
 * that were started for another one count, too.
 */
export class Campaign {
  readonly #field: Field;
  readonly #scope: Scope;
  readonly #options: CampaignOptions;
  readonly #places: readonly Place[];
  readonly #senders = new Senders();
  readonly #done: Start[] = [];
  #next = 1;
  #failure: { readonly reason: unknown } | undefined;

  constructor(field: Field, scope: Scope, options: CampaignOptions) {
    this.#field = field;
    this.#scope = scope;
    this.#options = options;
    this.#places = placesOf(field);
  }

  /** How many starts there are to be. */
  get asked(): number {
    return this.#options.starts;
  }

  /**
   * All starts, or as many as tell that the border is broken, begun between two sights of everything that must be reached. What came late is with
   * the start that it is of. Throws what an earlier call has thrown: half of the starts judge nothing.
   */
  async judge(border: Border): Promise<readonly Start[]> {
    if (this.#failure) throw this.#failure.reason;
    try {
      if (!this.#isOver(border)) {
        await besideControl(
          () => this.#field.control(),
          () => this.#runAll(border),
        );
      }
      await this.#takeLate();
    } catch (error) {
      this.#failure = { reason: error };
      throw error;
    }
    return this.#senders.withLate(this.#done);
  }

  #isOver(border: Border): boolean {
    return this.#next > this.asked || isBroken(this.#done, border);
  }

  async #runAll(border: Border): Promise<void> {
    let stopped = false;
    const work = async () => {
      while (!stopped && !this.#isOver(border)) {
        this.#done.push(await this.#runOne(this.#next++));
        sayHowFar(this.#done.length, this.asked, "starts");
      }
    };
    const workers = Array.from({ length: this.#options.atATime }, () =>
      work().catch((error: unknown) => {
        stopped = true;
        throw error;
      }),
    );
    await allEnded(workers);
  }

  async #runOne(number: number): Promise<Start> {
    const { open, closed, external, nodes, group } = this.#field;
    const { begin, losesNetwork } = this.#options;
    const node = nodes[number % nodes.length]!;
    const bytes = this.#senders.bytesOf(number);
    // What came late is told before the length is another's.
    if (this.#senders.last(bytes)) await this.#takeLateOf(bytes);
    // One at a time of what is closed: every packet costs.
    const shut = closed.at(Math.floor(number / 4) % Math.max(closed.length, 1));
    const targets = [open, ...(shut ? [shut] : [])].map(({ workload }) => workload.ip);
    const name = uniqueName("sender");
    const own = this.#scope.child(name);
    try {
      const ordered = performance.now();
      this.#senders.begin(number, ordered);
      const first = came(open.tally, bytes, ordered);
      first.catch(() => {});
      const spec = { name, group, bytes, targets: [...targets, ...(external ? [external.address] : [])] };
      const sender = await begin(own, node, spec);
      const startMs = await first;
      if (external) await came(external.tally, bytes, ordered);
      const stopOrdered = performance.now();
      if (losesNetwork(number)) await sender.detach();
      await own.close();
      const passed = await open.tally.take(bytes);
      const stopMs = Math.max(0, performance.now() - stopOrdered - latest(passed));
      const leaks: Leak[] = [];
      for (const place of this.#places) {
        leaks.push(...this.#leaksAt(place, await place.tally.take(bytes), ordered));
      }
      const end = losesNetwork(number) ? "lost its network while it sent" : "ended";
      return {
        ...{ number, name, node: node.name, end, startMs, stopMs, leaks },
        livedMs: stopOrdered - ordered,
      };
    } finally {
      await own.close();
    }
  }

  /** Gives every packet that has come by now to the start that it is of. */
  async #takeLate(): Promise<void> {
    for (const place of this.#places) {
      for (const [bytes, seen] of await place.tally.takeAll()) this.#charge(place, bytes, seen);
    }
  }

  async #takeLateOf(bytes: number): Promise<void> {
    for (const place of this.#places) this.#charge(place, bytes, await place.tally.take(bytes));
    await this.#field.open.tally.take(bytes);
  }

  #charge(place: Place, bytes: number, seen: readonly Tallied[]): void {
    const sender = this.#senders.last(bytes);
    if (sender) this.#senders.addLate(sender.number, this.#leaksAt(place, seen, sender.ordered));
  }

  #leaksAt({ border, at }: Place, seen: readonly Tallied[], ordered: number): Leak[] {
    const mayCome = (source: string) => border === "translation" && this.#field.isOfNode(source);
    return leaksAmong(
      seen.filter(({ source }) => !mayCome(source)),
      { border, at, sinceMs: performance.now() - ordered },
    );
  }
}

function placesOf({ closed, twin, external }: Field): Place[] {
  return [
    ...closed.map(({ workload, tally }) => ({ border: "policy", at: workload.name, tally }) as const),
    ...(twin ? [{ border: "tenant", at: twin.workload.name, tally: twin.tally } as const] : []),
    ...(external ? [{ border: "translation", at: "the external host", tally: external.tally } as const] : []),
  ];
}

/** When the first packet came, in milliseconds after the order. Throws `ProbeFailed` where none does: what does not send leaks nothing. */
async function came(tally: Tally, bytes: number, ordered: number): Promise<number> {
  const [seen] = await tally.first(bytes, firstPacketMs);
  if (!seen) throw new ProbeFailed(`no packet of a container that was started came in at ${tally.where}`);
  return performance.now() - ordered - seen.firstAgoMs;
}

function latest(seen: readonly Tallied[]): number {
  return Math.min(...seen.map(({ lastAgoMs }) => lastAgoMs));
}
