import { expect, test } from "vitest";
import type { PinnedSentence } from "#suites/requirements/sources/sentence.ts";
import { compareSentences, compareWith, nearestText } from "./compare.ts";
import { describeComparison, describeTexts } from "./describe.ts";
import { sentencesOf } from "./sentences.ts";

const before = "# A\nIt must sing.\nIt should dance.\n# B\nIt may rest. It must not shout.\n";

/** The sentences of a text as if they were pinned. */
const pinned = (markdown: string): PinnedSentence[] =>
  sentencesOf(markdown).map(({ text, ...one }) => ({
    ...one,
    says: text,
    texts: ["cni-main"],
    ids: ["CNI-1"],
  }));

function compare(markdown: string) {
  const { kept, changed, added, gone } = compareSentences(pinned(before), sentencesOf(markdown));
  return {
    kept,
    changed: changed.map(({ before: { says }, now }) => `${says} ${now.text}`),
    added: added.map(({ text }) => text),
    gone: gone.map(({ says }) => says),
  };
}

test("a text that is as it was keeps all of its sentences", () => {
  expect(compare(before)).toEqual({ kept: 4, changed: [], added: [], gone: [] });
});

test("a sentence that took another's place in its section is changed", () => {
  const found = compare(before.replace("It must sing", "It must sing twice"));
  expect(found).toEqual({ kept: 3, changed: ["It must sing. It must sing twice."], added: [], gone: [] });
});

test("a word of the same sense with another keyword is a new sentence, and the old one is gone", () => {
  const found = compare(before.replace("should dance", "must dance"));
  expect(found).toEqual({ kept: 3, changed: [], added: ["It must dance."], gone: ["It should dance."] });
});

test("what is new and what is gone is told", () => {
  expect(compare(`${before}It should sleep.\n`).added).toEqual(["It should sleep."]);
  expect(compare(before.replace("It may rest. ", "")).gone).toEqual(["It may rest."]);
});

test("a text of nobody is no pinned text, and one with a sentence of it is", () => {
  expect(nearestText(before)).toBeUndefined();
});

test("all sentences of another text are told as new, with their hash, and what is gone with its requirements", () => {
  const told = describeComparison(compareWith("cnm-ipam", before));
  expect(told).toContain("0 sentences as they were, 0 changed, 4 new, 12 gone");
  expect(told).toContain(`is    A: MUST It must sing.\n        ${sentencesOf(before)[0]?.hash}`);
  expect(told).toContain("was   RequestPool: MUST the same pool has the same id\n        CNM-18");
});

test("every pinned text is counted", () => {
  expect(describeTexts().split("\n")).toHaveLength(7);
  expect(describeTexts()).toMatch(/^cni-main +160 sentences: /m);
});
