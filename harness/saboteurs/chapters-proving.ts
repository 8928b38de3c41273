import { join } from "node:path";
import { handleInterruptions } from "#harness/cluster/interruption.ts";
import type { EngineVersion, Settings } from "#harness/config/settings.ts";
import type { Progress } from "#harness/progress.ts";
import { type Claim, holds, type Proof, type Proving, untouched } from "./proof.ts";
import { ProvingGround } from "./proving-ground.ts";
import type { Saboteur } from "./saboteur.ts";
import { faultsOfUntouched, judge, notApplicable } from "./verdict.ts";

export interface ChaptersProvingOptions {
  readonly settings: Settings;
  readonly progress: Progress;
  readonly engine: EngineVersion;
  /** Clusters to use at once; each driver gets at least one. */
  readonly clusters: number;
  /** Reports and evidence go there. */
  readonly folder: string;
  /** Takes over signals that vitest has taken for itself. */
  readonly heed: Parameters<typeof handleInterruptions>[1];
}

/** A piece of work on a cluster: a chapter, with somebody let loose or nobody. */
interface Piece {
  readonly claim: Claim;
  readonly driver: string;
  readonly chapter: string;
  readonly saboteur?: Saboteur;
}

/** Proves saboteurs: each chapter must be green untouched, and red where the saboteur says. */
export class ChaptersProving implements Proving {
  readonly claims: readonly Claim[];
  readonly #options: ChaptersProvingOptions;
  readonly #untouched: readonly Piece[];
  readonly #sabotaged: readonly Piece[];
  readonly #grounds: readonly ProvingGround[];
  #abandoned = false;

  constructor(saboteurs: readonly Saboteur[], options: ChaptersProvingOptions) {
    this.#options = options;
    const chapters = new Map(saboteurs.map((one) => [`${one.driver} ${one.chapter}`, one]));
    this.#untouched = [...chapters].map(([on, { driver, chapter }]) => ({
      ...{ driver, chapter },
      claim: { tier: "chapters", name: untouched, on, breaks: "nothing", kills: [], mayFollow: [] },
    }));
    this.#sabotaged = saboteurs.map((saboteur) => {
      const { name, breaks, driver, chapter, kills, mayFollow = [] } = saboteur;
      const on = `${driver} ${chapter}`;
      return { driver, chapter, saboteur, claim: { tier: "chapters", name, on, breaks, kills, mayFollow } };
    });
    this.claims = [...this.#untouched, ...this.#sabotaged].map(({ claim }) => claim);
    this.#grounds = shareOut(saboteurs, options.clusters).map(
      (driver) => new ProvingGround(options.settings, options.progress, driver, options.engine),
    );
  }

  async run(tell: (proof: Proof) => void): Promise<void> {
    const { progress, heed } = this.#options;
    const green = new Set<string>();
    try {
      await Promise.all(this.#grounds.map((ground) => ground.open()));
      handleInterruptions(progress, heed);
      await this.#share(this.#untouched, async (ground, piece) => {
        const proof = await this.#prove(ground, piece);
        if (holds(proof)) green.add(piece.claim.on);
        tell(proof);
      });
      const sound = this.#sabotaged.filter(({ claim }) => green.has(claim.on));
      await this.#share(sound, async (ground, piece) => tell(await this.#prove(ground, piece)));
    } finally {
      // While an interruption is at work, it removes the clusters and ends the process.
      if (!this.#abandoned) await Promise.allSettled(this.#grounds.map((ground) => ground.close()));
    }
  }

  abandon(): void {
    this.#abandoned = true;
    for (const ground of this.#grounds) ground.abandon();
  }

  /** Every ground takes the next piece of work of its driver until there is none. */
  async #share(pieces: readonly Piece[], act: (ground: ProvingGround, piece: Piece) => Promise<void>) {
    const left = [...pieces];
    const take = (driver: string) => {
      const index = left.findIndex((piece) => piece.driver === driver);
      return index < 0 || this.#abandoned ? undefined : left.splice(index, 1)[0];
    };
    const lanes = await Promise.allSettled(
      this.#grounds.map(async (ground) => {
        for (let piece = take(ground.driver); piece; piece = take(ground.driver)) await act(ground, piece);
      }),
    );
    if (this.#abandoned) return;
    for (const lane of lanes) if (lane.status === "rejected") throw lane.reason;
  }

  /** A cluster that is not as before afterwards is replaced. */
  async #prove(ground: ProvingGround, { claim, driver, chapter, saboteur }: Piece): Promise<Proof> {
    const startedAt = performance.now();
    const name = saboteur?.name ?? `${untouched}-${driver}-${chapter}`;
    const reports = join(this.#options.folder, name);
    const run = await ground.run({
      suite: chapter,
      reports,
      ...(saboteur ? { sabotage: saboteur.name } : {}),
      ...(saboteur?.alone ? { only: [...new Set(["S5", ...saboteur.kills, "C1"])] } : {}),
    });
    const traces = saboteur ? await ground.traces() : "";
    if (traces !== "") await ground.replace();
    const verdict = saboteur
      ? judge(saboteur, run)
      : { followed: [], problems: faultsOfUntouched(run), notApplicable: notApplicable(run) };
    return { ...claim, ...verdict, traces, durationMs: performance.now() - startedAt, reports };
  }
}

/** A driver for each cluster: one for every driver that is needed, the others for whoever has most to do. */
function shareOut(chosen: readonly Saboteur[], clusters: number): string[] {
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
