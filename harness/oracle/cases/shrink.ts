import type { CaseRule, PolicyCase } from "./case.ts";

/**
 * The cases that may be what is wrong, the likeliest first: the one that was being played, if anything of it was done, and those before it,
 * of which something may have stayed, the last one first.
 */
export function suspects(
  playing: PolicyCase,
  before: readonly PolicyCase[],
  anythingDone: boolean,
): PolicyCase[] {
  return [...(anythingDone ? [playing] : []), ...before.toReversed()];
}

/** The simplest of everything that a rule can say. */
const simplest = {
  peer: "everybody",
  port: "every",
  protocol: "any",
  policy: "a",
  direction: "in",
  action: "deny",
} as const satisfies Partial<CaseRule>;

/** Cases that are simpler than this one by one step, those that leave most out first. */
export function smallerCases(given: PolicyCase): PolicyCase[] {
  const { order, rules, earlier } = given;
  const without = <T>(list: readonly T[], index: number) => list.filter((_, at) => at !== index);
  const fewer = rules.map((_, index) => ({
    order,
    rules: without(rules, index),
    earlier: order === "updated" ? without(earlier, index) : earlier,
  }));
  return [
    ...(order === "plain" ? [] : [{ order: "plain" as const, rules, earlier: [] }]),
    ...(order === "moved" ? [{ ...given, order: "late" as const }] : []),
    ...fewer.filter((smaller) => smaller.rules.length + smaller.earlier.length > 0),
    ...(order === "deleted"
      ? earlier.map((_, index) => ({ ...given, earlier: without(earlier, index) }))
      : []),
    ...rules.flatMap((rule, index) =>
      simplerRules(rule).map((simpler) => ({ ...given, rules: rules.with(index, simpler) })),
    ),
    ...earlier.flatMap((rule, index) =>
      simplerRules(rule).map((simpler) => ({ ...given, earlier: earlier.with(index, simpler) })),
    ),
  ];
}

/** Simpler by one thing that it says. */
function simplerRules(rule: CaseRule): CaseRule[] {
  const simpler = (Object.keys(simplest) as (keyof typeof simplest)[])
    .filter((name) => rule[name] !== simplest[name])
    .map((name) => ({
      ...rule,
      [name]: simplest[name],
      ...(name === "protocol" ? { port: "every" as const } : {}),
    }));
  return rule.priority === 1 ? simpler : [...simpler, { ...rule, priority: 1 }];
}
