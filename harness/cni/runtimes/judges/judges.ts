import type { Played } from "#harness/cni/runtimes/scenes/played.ts";
import { type RuntimeRuleId, runtimeRuleIds } from "#suites/requirements/rules/cni-runtime.ts";
import { failureJudges } from "./failures.ts";
import { type Judge, type Judgement, judgeBy } from "./judge.ts";
import { orderJudges } from "./order.ts";
import { parameterJudges } from "./parameters.ts";
import { requestJudges } from "./request.ts";
import { upkeepJudges } from "./upkeep.ts";

const judges: Readonly<Record<RuntimeRuleId, Judge>> = {
  ...parameterJudges,
  ...orderJudges,
  ...failureJudges,
  ...requestJudges,
  ...upkeepJudges,
};

/** Judges every rule by what a runtime has played: a pure function of the recorded calls. */
export function judgeAll(played: readonly Played[]): Record<RuntimeRuleId, Judgement> {
  return Object.fromEntries(runtimeRuleIds.map((id) => [id, judgeBy(judges[id], played)])) as Record<
    RuntimeRuleId,
    Judgement
  >;
}
