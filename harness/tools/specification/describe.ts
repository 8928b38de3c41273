import { type PinnedSentence, reasons } from "#suites/requirements/sources/sentence.ts";
import { sentencesIn } from "#suites/requirements/sources/sources.ts";
import { textNames, texts } from "#suites/requirements/sources/texts.ts";
import type { Comparison } from "./compare.ts";
import type { Sentence } from "./sentences.ts";

/** What became of a text, for a console. What is new is quoted from the reader's own file. */
export function describeComparison({ text, same, kept, changed, added, gone }: Comparison): string {
  const { title, url } = texts[text];
  const isSame = changed.length + added.length + gone.length === 0;
  const whole = same ? ", the same file" : isSame ? ", in a file that differs elsewhere" : "";
  return [
    `${title} (${url})`,
    `${kept} sentences as they were, ${changed.length} changed, ${added.length} new, ${gone.length} gone${whole}`,
    ...changed.map(({ before, now }) => `\nchanged\n${describePinned(before)}\n${describeNew(now)}`),
    ...added.map((one) => `\nnew\n${describeNew(one)}`),
    ...gone.map((one) => `\ngone\n${describePinned(one)}`),
  ].join("\n");
}

function describePinned({ section, keyword, says, ids, reason, gap }: PinnedSentence): string {
  const answer = reason ? reasons[reason] : [ids.join(" "), gap].filter(Boolean).join("; ");
  return `  was   ${section}: ${keyword} ${says}\n        ${answer}`;
}

function describeNew({ section, keyword, text, hash }: Sentence): string {
  const quoted = text.length > 600 ? `${text.slice(0, 600)} …` : text;
  return `  is    ${section}: ${keyword} ${quoted.replaceAll("\n", " / ")}\n        ${hash}`;
}

/** One line for each pinned text: how many sentences, and what stands for them. */
export function describeTexts(): string {
  return textNames
    .map((name) => {
      const { sentences, shown, partly, missing, apart } = countAnswers(sentencesIn(name));
      const counts = `${sentences} sentences: ${shown} shown, ${partly} in part, ${missing} not, ${apart} no plugin's`;
      return `${name.padEnd(12)}${counts}`;
    })
    .join("\n");
}

/** How many sentences requirements show, wholly or in part, or do not; and how many are not asked of a plugin. */
export function countAnswers(among: readonly PinnedSentence[]): {
  sentences: number;
  shown: number;
  partly: number;
  missing: number;
  apart: number;
} {
  const count = (holds: (one: PinnedSentence) => boolean) => among.filter(holds).length;
  return {
    sentences: among.length,
    shown: count(({ ids, gap }) => ids.length > 0 && gap === undefined),
    partly: count(({ ids, gap }) => ids.length > 0 && gap !== undefined),
    missing: count(({ ids, gap }) => ids.length === 0 && gap !== undefined),
    apart: count(({ reason }) => reason !== undefined),
  };
}
