import { relative } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { codeSpans, readTracked, tableBelow, trackedFiles } from "./tracked-files.ts";

const glossary = "docs/glossary.md";
const own = relative(projectRoot, import.meta.filename);
const replaced = tableBelow(readTracked(glossary), "## Replaced words").map(([word = "", , except = ""]) => ({
  word,
  pattern: patternOf(word),
  except: codeSpans(except),
}));

/** Text files whose words are the project's own. */
const texts = (await trackedFiles())
  .filter((path) => path !== glossary && path !== own && !/\.(png|ico|gz|pcap)$|-lock\.json$/.test(path))
  .map((path) => ({ path, words: inWords(`${path}\n${readTracked(path)}`) }));

test("the table of replaced words is read", () => {
  expect(replaced.length).toBeGreaterThan(20);
  for (const [word, text] of [
    ["sabotage", "sabotaged"],
    ["shall", "it Shall be"],
    ["doomed", "startDoomedRun"],
    [".self.ts", "run.self.ts"],
  ] as const) {
    expect(inWords(text)).toMatch(patternOf(word));
  }
  for (const [word, text] of [
    ["for ever", "for every node"],
    ["shall", "shallow"],
  ] as const) {
    expect(inWords(text)).not.toMatch(patternOf(word));
  }
});

test.each(replaced)("$word is used nowhere", ({ pattern, except }) => {
  const found = texts.flatMap(({ path, words }) =>
    except.some((allowed) => path.startsWith(allowed))
      ? []
      : words.split("\n").flatMap((line, index) => (pattern.test(line) ? `${path}:${index}: ${line}` : [])),
  );
  expect(found).toEqual([]);
});

test.each(replaced.flatMap(({ word, except }) => except.map((path) => ({ word, path }))))(
  "$path still needs its exception for $word",
  ({ word, path }) => {
    const pattern = patternOf(word);
    expect(texts.some((text) => text.path.startsWith(path) && pattern.test(text.words))).toBe(true);
  },
);

/** A word in all its forms, as a whole word. */
function patternOf(word: string): RegExp {
  const stem = word
    .replace(/(?<=[a-z]{4})e$/, "")
    .replaceAll(/[.\\-]/g, "\\$&")
    .replaceAll(" ", "[ -]");
  return new RegExp(
    `${/^[a-z]/i.test(word) ? "(?<![a-z])" : ""}${stem}(s|e|es|ed|d|en|n|ing)?(?![a-z])`,
    "i",
  );
}

/** Names such as `startDoomedRun` and `doomed_run` as words. */
function inWords(text: string): string {
  return text.replaceAll(/(?<=[a-z])(?=[A-Z])|_/g, " ");
}
