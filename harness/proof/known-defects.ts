import type { CaseObservation, FaultCase } from "./case.ts";
import type { FaultPlaces } from "./fault.ts";

/** What is red without any fault, since an engine breaks the rule by itself. */
interface KnownDefect {
  readonly on: Pick<FaultPlaces["chapters"], "chapter" | "driver">;
  readonly requirement: CaseObservation["requirement"];
  /** Kinds of things that are left behind; any other one is no part of the defect. */
  readonly kinds: readonly string[];
  /** What breaks the rule, on which versions, and its source. */
  readonly because: string;
}

const knownDefects: readonly KnownDefect[] = [
  {
    on: { chapter: "encryption", driver: "overlay" },
    requirement: "C1",
    kinds: ["xfrm-states", "xfrm-policies"],
    because:
      "Docker leaves associations and policies in the kernel when an encrypted network goes, 29.7.2 too (moby 057e35dd6555, of 29.0, was to end it)",
  },
];

/** Why an observation is red by the engine's own doing, with a fault and without; `undefined` where it is not. */
export function knownDefectOf(
  { on }: Pick<FaultCase, "on">,
  { requirement, outcome, reason = "" }: CaseObservation,
): string | undefined {
  if (on.tier !== "chapters" || outcome !== "failed") return undefined;
  const defect = knownDefects.find(
    (one) => one.requirement === requirement && one.on.chapter === on.chapter && one.on.driver === on.driver,
  );
  const kinds = [...reason.matchAll(/^ *\S+ (\S+): (?:left behind|missing): /gm)].map(
    ([, kind = ""]) => kind,
  );
  const isThat = kinds.length > 0 && kinds.every((kind) => defect?.kinds.includes(kind));
  return isThat ? defect?.because : undefined;
}
