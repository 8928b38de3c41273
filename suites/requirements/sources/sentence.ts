import type { RequirementId } from "#suites/requirements/catalogue.ts";
import type { RuntimeRuleId } from "#suites/requirements/rules/cni-runtime.ts";
import type { TextName } from "./texts.ts";

/** What obliges or permits, by RFC 2119; CODE is a row of a table of error codes, which needs no such word. */
export type Keyword =
  | "MUST"
  | "MUST NOT"
  | "REQUIRED"
  | "SHOULD"
  | "SHOULD NOT"
  | "RECOMMENDED"
  | "MAY"
  | "OPTIONAL"
  | "CODE";

/** Why no requirement stands for a sentence. */
export const reasons = {
  runtime: "asked of the runtime and not of a plugin; where a rule is named, runtimes are judged by it",
  administrator: "asked of who writes the configuration",
  permission: "permits something: a plugin that does without it breaks nothing",
  explanation: "explains, and obliges nobody",
  elsewhere: "about places that the suite has not, such as virtual machines",
} as const;
export type Reason = keyof typeof reasons;

/** What of a sentence no requirement shows, and those that show the rest of it. */
export interface Gap {
  readonly ids: readonly RequirementId[];
  readonly gap: string;
}

/** A sentence that is asked of the runtime, and the rules by which runtimes are judged. */
export interface AskedOfRuntime {
  readonly runtime: readonly RuntimeRuleId[];
}

/** What stands for a sentence: requirements that show it, the reason why there are none, or what is missing. */
export type Answer = readonly RequirementId[] | Reason | AskedOfRuntime | Gap;

/** Sentences of one section. The key is the sha256 of the sentence as `npm run spec` reads it; then keyword, and what it says in our words. */
export interface Section {
  readonly section: string;
  readonly texts: readonly TextName[];
  readonly sentences: Readonly<Record<string, readonly [Keyword, string, Answer]>>;
}

/** One sentence, with where it stands. */
export interface PinnedSentence {
  readonly hash: string;
  readonly section: string;
  readonly texts: readonly TextName[];
  readonly keyword: Keyword;
  /** In our words. */
  readonly says: string;
  readonly ids: readonly RequirementId[];
  readonly reason?: Reason;
  /** Rules for runtimes, where the reason is that it is asked of one. */
  readonly rules?: readonly RuntimeRuleId[];
  readonly gap?: string;
}

/** The sentences of sections, one by one. */
export function pinned(sections: readonly Section[]): PinnedSentence[] {
  return sections.flatMap(({ section, texts, sentences }) =>
    Object.entries(sentences).map(([hash, [keyword, says, answer]]) => ({
      ...{ hash, section, texts, keyword, says },
      ...explained(answer),
    })),
  );
}

function explained(answer: Answer): Pick<PinnedSentence, "ids" | "reason" | "rules" | "gap"> {
  if (typeof answer === "string") return { ids: [], reason: answer };
  if ("runtime" in answer) return { ids: [], reason: "runtime", rules: answer.runtime };
  return "gap" in answer ? answer : { ids: answer };
}
