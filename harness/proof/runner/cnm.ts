import { join } from "node:path";
import { type CnmFaultName, cnmFaults, type ProtocolFault } from "#drivers/reference/faults/tables/cnm.ts";
import { faultsOfUntouched, judge, notApplicable } from "#harness/proof/judge.ts";
import { type Claim, holds, type Proof, type Proving, untouched } from "#harness/proof/proof.ts";
import { ProjectRunner } from "./project-runner.ts";

export interface CnmProvingOptions {
  /** Reports and evidence go there. */
  readonly folder: string;
  /** Called when vitest, which takes signals for itself, is up. */
  readonly opened: () => void;
}

const project = "cnm";

/** Proves the CNM tier: the reference plugin must be green, and red where it has a fault. Needs root, no cluster. */
export class CnmProving implements Proving {
  readonly claims: readonly Claim[];
  readonly #options: CnmProvingOptions;
  /** One waits for a fault that hangs while the other goes on. */
  readonly #runners = [new ProjectRunner(project), new ProjectRunner(project)];
  #abandoned = false;

  constructor(names: readonly CnmFaultName[], options: CnmProvingOptions) {
    this.#options = options;
    const on = "reference";
    this.claims = [
      { tier: "cnm", name: untouched, on, breaks: "nothing", detectedBy: [], mayFollow: [] },
      ...names.map((name): Claim => {
        const { detectedBy, mayFollow = [], does }: ProtocolFault = cnmFaults[name];
        return { tier: "cnm", name, on, breaks: does, detectedBy: [detectedBy], mayFollow };
      }),
    ];
  }

  async run(tell: (proof: Proof) => void): Promise<void> {
    const left = [...this.claims];
    try {
      for (const runner of this.#runners) {
        await runner.open();
        // A thread is there sooner than a process, and there is one for each fault.
        runner.project.config.pool = "threads";
      }
      this.#options.opened();
      const [first] = this.#runners;
      const proof = await this.#prove(first!, left.shift()!);
      tell(proof);
      if (!holds(proof)) return;
      await Promise.all(
        this.#runners.map(async (runner) => {
          for (let claim = left.shift(); claim && !this.#abandoned; claim = left.shift()) {
            tell(await this.#prove(runner, claim));
          }
        }),
      );
    } finally {
      if (!this.#abandoned) await Promise.allSettled(this.#runners.map((runner) => runner.close()));
    }
  }

  abandon(): void {
    this.#abandoned = true;
  }

  async #prove(runner: ProjectRunner, claim: Claim): Promise<Proof> {
    const reports = join(this.#options.folder, `cnm-${claim.name}`);
    const fault = claim.name === untouched ? "" : claim.name;
    const run = await runner.run({ suite: "cnm", reports, fault });
    const verdict =
      claim.name === untouched
        ? { followed: [], problems: faultsOfUntouched(run), notApplicable: notApplicable(run) }
        : judge(claim, run);
    return { ...claim, ...verdict, durationMs: run.durationMs, reports };
  }
}
