import type { Snapshot } from "#harness/cluster/snapshot/snapshot.ts";
import type { Target } from "#harness/conformance/run/target.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Lease, LeasedCluster, LeaseRequest, Lessor } from "./lease.ts";

/** A cluster of the target that is up, with what existed on it once the driver was installed. */
export interface PooledCluster {
  readonly target: Pick<Target, "state">;
  readonly baseline: Snapshot;
}

export interface PoolOptions<Cluster extends PooledCluster> {
  /** Brings up a cluster with the driver. What it throws is what every worker of the target is told. */
  readonly bringUp: () => Promise<Cluster>;
  /** What workers are told of that. */
  readonly explain: (error: unknown) => Exclude<Lease, LeasedCluster>;
  /** Takes a cluster away, or leaves it to a later run. */
  readonly release: (cluster: Cluster) => Promise<void>;
  /** Whether a worker comes that is to run the chapter that takes longest: the first cluster waits for it. */
  readonly longestComes?: () => boolean;
  /** Whether a worker that ends leaves its cluster to another one; if not, it is released at once. */
  readonly reuses: boolean;
}

/**
 * The clusters of one target: as many as workers ask for at the same time. The first one decides whether the driver can be
 * tried: a further one is brought up once it is there.
 */
export class ClusterPool<Cluster extends PooledCluster> implements Lessor {
  readonly #options: PoolOptions<Cluster>;
  readonly #leased = new Map<string, Cluster>();
  readonly #free: Cluster[] = [];
  readonly #releasing = new Set<Promise<void>>();
  readonly #bringingUp = new Set<Promise<unknown>>();
  #first: Promise<Cluster> | undefined;
  #longestCame = false;
  #closed = false;

  constructor(options: PoolOptions<Cluster>) {
    this.#options = options;
  }

  /** Begins to bring the first cluster up, before anybody asks for it. */
  begin(): void {
    if (this.#first) return;
    this.#first = this.#bringUp();
    this.#first.then(
      (cluster) => this.#free.push(cluster),
      () => {},
    );
  }

  async lease({ longest }: LeaseRequest = { longest: false }): Promise<Lease> {
    this.begin();
    try {
      await this.#first;
      this.#longestCame ||= longest;
      // The first one is first there, too.
      const reserved = !this.#longestCame && this.#options.longestComes?.() ? 1 : 0;
      const cluster =
        (this.#free.length > reserved ? this.#free.pop() : undefined) ?? (await this.#bringUp());
      this.#leased.set(cluster.target.state.id, cluster);
      return { cluster: cluster.target.state.id, baseline: cluster.baseline };
    } catch (error) {
      return this.#options.explain(error);
    }
  }

  giveBack(id: string): void {
    const cluster = this.#leased.get(id);
    if (!cluster) return;
    this.#leased.delete(id);
    if (this.#options.reuses) this.#free.push(cluster);
    else void this.#release(cluster);
  }

  giveUp(id: string): void {
    const cluster = this.#leased.get(id);
    if (!cluster) return;
    this.#leased.delete(id);
    void this.#release(cluster);
  }

  /** Releases every cluster, and resolves when that is done. Throws what went wrong with the first one that could not be. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#bringingUp);
    const rest = [...this.#free.splice(0), ...this.#leased.values()];
    this.#leased.clear();
    for (const cluster of rest) void this.#release(cluster);
    const ends = await Promise.allSettled(this.#releasing);
    const failed = ends.find((end) => end.status === "rejected");
    if (failed) throw failed.reason;
  }

  #bringUp(): Promise<Cluster> {
    const work = this.#options.bringUp().then(async (cluster) => {
      if (!this.#closed) return cluster;
      await this.#release(cluster);
      throw new HarnessError("no cluster can be had: the run is over");
    });
    this.#bringingUp.add(work);
    const done = () => this.#bringingUp.delete(work);
    work.then(done, done);
    return work;
  }

  #release(cluster: Cluster): Promise<void> {
    const work = this.#options.release(cluster);
    this.#releasing.add(work);
    // Told when the pool closes.
    work.catch(() => {});
    return work;
  }
}
