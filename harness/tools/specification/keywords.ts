import type { Keyword } from "#suites/requirements/sources/sentence.ts";

/** The words of RFC 2119 and what each stands for, strongest first. "shall" is its other word for "must". */
const words: readonly (readonly [RegExp, Keyword])[] = [
  [/\b(?:must|shall)\s+not\b/i, "MUST NOT"],
  [/\b(?:must|shall)\b/i, "MUST"],
  [/(?<!\bnot (?:strictly )?)\brequired\b/i, "REQUIRED"],
  [/\bshould\s+not\b/i, "SHOULD NOT"],
  [/\bshould\b/i, "SHOULD"],
  [/\brecommended\b/i, "RECOMMENDED"],
  [/\bmay\b/i, "MAY"],
  [/\b(?:optional|optionally|not (?:strictly )?required)\b/i, "OPTIONAL"],
];

/** The strongest keyword of a sentence, in any case of letters. `undefined` where it has none. */
export function keywordOf(text: string): Keyword | undefined {
  return words.find(([pattern]) => pattern.test(text))?.[1];
}
