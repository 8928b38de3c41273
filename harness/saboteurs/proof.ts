import type { RequirementId } from "#suites/requirements/catalogue.ts";
import type { ProvingGround } from "./proving-ground.ts";
import type { Saboteur } from "./saboteur.ts";
import { faultsOfUntouched, judge } from "./verdict.ts";

/** A chapter that ran untouched. */
export interface UntouchedProof {
  readonly driver: string;
  readonly chapter: string;
  /** Why it is not green; empty when it is. */
  readonly problems: readonly string[];
  /** What does not apply here, with the reason. */
  readonly notApplicable: readonly { requirement: RequirementId; outcome: string; reason: string }[];
  readonly durationMs: number;
}

/** A saboteur that was let loose. */
export interface SaboteurProof {
  readonly saboteur: string;
  readonly breaks: string;
  readonly driver: string;
  readonly chapter: string;
  readonly kills: readonly RequirementId[];
  /** What turned red besides. */
  readonly followed: readonly RequirementId[];
  /** Why it proves nothing; empty when it was caught as it must be. */
  readonly problems: readonly string[];
  /** What it left on the cluster, which was then replaced; empty when it was as before. */
  readonly traces: string;
  readonly durationMs: number;
  /** Folder with the evidence. */
  readonly reports: string;
}

/** Runs a chapter with nobody let loose: it must be green. */
export async function proveUntouched(
  ground: ProvingGround,
  chapter: string,
  reports: string,
): Promise<UntouchedProof> {
  const run = await ground.run({ chapter, reports });
  return {
    driver: ground.driver,
    chapter,
    problems: faultsOfUntouched(run),
    notApplicable: run.observations
      .filter(({ outcome }) => outcome === "blocked" || outcome === "unsupported")
      .map(({ requirement, outcome, reason = "" }) => ({ requirement, outcome, reason })),
    durationMs: run.durationMs,
  };
}

/** Lets the saboteur loose on its chapter; a cluster that is not as before afterwards is replaced. */
export async function proveSaboteur(
  ground: ProvingGround,
  saboteur: Saboteur,
  reports: string,
): Promise<SaboteurProof> {
  const startedAt = performance.now();
  const { name, breaks, driver, chapter, kills } = saboteur;
  const run = await ground.run({
    chapter,
    reports,
    saboteur: name,
    ...(saboteur.alone ? { only: [...new Set(["S5", ...kills, "C1"])] } : {}),
  });
  const traces = await ground.traces();
  if (traces !== "") await ground.replace();
  return {
    saboteur: name,
    breaks,
    driver,
    chapter,
    kills,
    ...judge(saboteur, run),
    traces,
    durationMs: performance.now() - startedAt,
    reports,
  };
}
