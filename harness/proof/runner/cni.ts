import type { CniFault } from "#harness/proof/faults/cni.ts";
import { type Claim, type Proof, type Proving, untouched } from "#harness/proof/proof.ts";
import { type CniProof, proveCni } from "./cni-rounds.ts";

/** Proves the CNI tier: each debug plugin must be green without a fault, and red where it has one. Needs root, no cluster. */
export class CniProving implements Proving {
  readonly claims: readonly Claim[];
  readonly #faults: readonly CniFault[];
  readonly #progress: (line: string) => void;

  constructor(faults: readonly CniFault[], progress: (line: string) => void) {
    this.#faults = faults;
    this.#progress = progress;
    this.claims = faults.map(
      ({ plugin, name, version = "1.1.0", why, detectedBy, mayFollow = [] }): Claim => ({
        ...{ tier: "cni", name, on: `${plugin} ${version}`, breaks: why, detectedBy, mayFollow },
      }),
    );
  }

  /** Tells all results at the end. The untouched plugins are no claims of their own, but they must be green. */
  async run(tell: (proof: Proof) => void): Promise<void> {
    const startedAt = performance.now();
    const proofs = await proveCni({ faults: this.#faults, progress: this.#progress });
    const durationMs = (performance.now() - startedAt) / proofs.length;
    for (const proof of proofs) tell({ ...this.#claimOf(proof), ...verdictOf(proof), durationMs });
  }

  /** Nothing to hold back: it ends with the process. */
  abandon(): void {}

  #claimOf({ plugin, version, why }: CniProof): Claim {
    // A fault may have the number of a version in its name.
    const [role = "", ...parts] = plugin.split(".");
    const name = parts.join(".") || untouched;
    const on = `${role} ${version}`;
    const known = this.claims.find((claim) => claim.name === name && claim.on === on);
    return known ?? { tier: "cni", name, on, breaks: why, detectedBy: [], mayFollow: [] };
  }
}

function verdictOf({ missed, strays }: CniProof): Pick<Proof, "followed" | "problems"> {
  return { followed: [], problems: [...missed.map((id) => `${id} had to fail`), ...strays] };
}
