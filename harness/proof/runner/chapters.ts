import { join } from "node:path";
import { handleInterruptions } from "#harness/cluster/interruption.ts";
import type { TargetSettings } from "#harness/conformance/run/target.ts";
import type { Progress } from "#harness/core/progress.ts";
import type { EngineVersion } from "#harness/core/settings/settings.ts";
import type { Fault } from "#harness/proof/fault.ts";
import { faultsOfUntouched, judge, notApplicable } from "#harness/proof/judge.ts";
import { type Claim, holds, type Proof, type Proving, untouched } from "#harness/proof/proof.ts";
import { FaultCluster } from "./fault-cluster.ts";

export interface ChaptersProvingOptions {
  readonly settings: TargetSettings;
  readonly progress: Progress;
  readonly engine: EngineVersion;
  /** Clusters to use at once; each driver gets at least one. */
  readonly clusters: number;
  /** Reports and evidence go there. */
  readonly folder: string;
  /** Takes over signals that vitest has taken for itself. */
  readonly watchForInterruption: Parameters<typeof handleInterruptions>[1];
}

/** A piece of work on a cluster: a chapter, with a fault injected or without one. */
interface Piece {
  readonly claim: Claim;
  readonly driver: string;
  readonly chapter: string;
  readonly fault?: Fault;
}

/** Proves faults: each chapter must be green untouched, and red where the fault says. */
export class ChaptersProving implements Proving {
  readonly claims: readonly Claim[];
  readonly #options: ChaptersProvingOptions;
  readonly #untouched: readonly Piece[];
  readonly #withFault: readonly Piece[];
  readonly #clusters: readonly FaultCluster[];
  #abandoned = false;

  constructor(faults: readonly Fault[], options: ChaptersProvingOptions) {
    this.#options = options;
    const chapters = new Map(faults.map((one) => [`${one.driver} ${one.chapter}`, one]));
    this.#untouched = [...chapters].map(([on, { driver, chapter }]) => ({
      ...{ driver, chapter },
      claim: { tier: "chapters", name: untouched, on, breaks: "nothing", detectedBy: [], mayFollow: [] },
    }));
    this.#withFault = faults.map((fault) => {
      const { name, breaks, driver, chapter, detectedBy, mayFollow = [] } = fault;
      const on = `${driver} ${chapter}`;
      return { driver, chapter, fault, claim: { tier: "chapters", name, on, breaks, detectedBy, mayFollow } };
    });
    this.claims = [...this.#untouched, ...this.#withFault].map(({ claim }) => claim);
    this.#clusters = shareOut(faults, options.clusters).map(
      (driver) => new FaultCluster(options.settings, options.progress, driver, options.engine),
    );
  }

  async run(tell: (proof: Proof) => void): Promise<void> {
    const { progress, watchForInterruption } = this.#options;
    const green = new Set<string>();
    try {
      await Promise.all(this.#clusters.map((cluster) => cluster.open()));
      handleInterruptions(progress, watchForInterruption);
      await this.#share(this.#untouched, async (cluster, piece) => {
        const proof = await this.#prove(cluster, piece);
        if (holds(proof)) green.add(piece.claim.on);
        tell(proof);
      });
      const sound = this.#withFault.filter(({ claim }) => green.has(claim.on));
      await this.#share(sound, async (cluster, piece) => tell(await this.#prove(cluster, piece)));
    } finally {
      // While an interruption is at work, it removes the clusters and ends the process.
      if (!this.#abandoned) await Promise.allSettled(this.#clusters.map((cluster) => cluster.close()));
    }
  }

  abandon(): void {
    this.#abandoned = true;
    for (const cluster of this.#clusters) cluster.abandon();
  }

  /** Every cluster takes the next piece of work of its driver until there is none. */
  async #share(pieces: readonly Piece[], act: (cluster: FaultCluster, piece: Piece) => Promise<void>) {
    const left = [...pieces];
    const take = (driver: string) => {
      const index = left.findIndex((piece) => piece.driver === driver);
      return index < 0 || this.#abandoned ? undefined : left.splice(index, 1)[0];
    };
    const lanes = await Promise.allSettled(
      this.#clusters.map(async (cluster) => {
        for (let piece = take(cluster.driver); piece; piece = take(cluster.driver)) await act(cluster, piece);
      }),
    );
    if (this.#abandoned) return;
    for (const lane of lanes) if (lane.status === "rejected") throw lane.reason;
  }

  /** A cluster that is not as before afterwards is replaced. */
  async #prove(cluster: FaultCluster, { claim, driver, chapter, fault }: Piece): Promise<Proof> {
    const startedAt = performance.now();
    const name = fault?.name ?? `${untouched}-${driver}-${chapter}`;
    const reports = join(this.#options.folder, name);
    const run = await cluster.run({
      suite: chapter,
      reports,
      ...(fault ? { fault: fault.name } : {}),
      ...(fault?.alone ? { only: [...new Set(["S5", ...fault.detectedBy, "C1"])] } : {}),
    });
    const traces = fault ? await cluster.traces() : "";
    if (traces !== "") await cluster.replace();
    const verdict = fault
      ? judge(fault, run)
      : { followed: [], problems: faultsOfUntouched(run), notApplicable: notApplicable(run) };
    return { ...claim, ...verdict, traces, durationMs: performance.now() - startedAt, reports };
  }
}

/** A driver for each cluster: one for every driver that is needed, the others for the drivers with most to do. */
function shareOut(chosen: readonly Fault[], clusters: number): string[] {
  const load = new Map<string, number>();
  for (const { driver } of chosen) load.set(driver, (load.get(driver) ?? 0) + 1);
  const shares = new Map([...load.keys()].map((driver) => [driver, 1]));
  const perCluster = (driver: string) => (load.get(driver) ?? 0) / (shares.get(driver) ?? 1);
  for (let spare = clusters - shares.size; spare > 0; spare--) {
    const [busiest] = [...shares.keys()].sort((a, b) => perCluster(b) - perCluster(a));
    if (busiest && perCluster(busiest) > 1) shares.set(busiest, (shares.get(busiest) ?? 1) + 1);
  }
  return [...shares].flatMap(([driver, count]) => Array.from({ length: count }, () => driver));
}
