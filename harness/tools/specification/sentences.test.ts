import { describe, expect, test } from "vitest";
import { keywordOf } from "./keywords.ts";
import { sentencesOf } from "./sentences.ts";

const said = (markdown: string) =>
  sentencesOf(markdown).map(({ section, keyword, text }) => `${section}: ${keyword} ${text}`);

describe("a keyword", () => {
  test.each([
    ["A plugin must answer.", "MUST"],
    ["It MUST NOT wait.", "MUST NOT"],
    ["It must\nnot wait.", "MUST NOT"],
    ["Plugins should, and may.", "SHOULD"],
    ["This field is not required.", "OPTIONAL"],
    ["Optionally a name.", "OPTIONAL"],
    ["It is required.", "REQUIRED"],
    ["A mayor mustered them.", undefined],
  ])("of %s is %s, the strongest", (text, keyword) => {
    expect(keywordOf(text)).toBe(keyword);
  });
});

describe("a text", () => {
  test("gives those of its sentences that have a keyword, without markup, in one line", () => {
    const markdown =
      "# T\n\nThe `X` plugin **must**\nanswer [here](#there). It waits. It may\nwait (e.g. Long) twice.\n";
    expect(said(markdown)).toEqual([
      "T: MUST The `X` plugin must answer here.",
      "T: MAY It may wait (e.g. Long) twice.",
    ]);
  });

  test("has sections, by their number and what comes before a colon", () => {
    const markdown = "## Section 2: Protocol\nIt must.\n#### `DEL`: Remove\nIt may.\n## Else\nIt should.\n";
    expect(said(markdown)).toEqual([
      "2, Protocol: MUST It must.",
      "2, DEL: MAY It may.",
      "Else: SHOULD It should.",
    ]);
  });

  test("gives a repeated sentence once, in its first section", () => {
    expect(said("# A\nIt must.\n# B\nIt must.\n")).toEqual(["A: MUST It must."]);
  });

  test("gives what introduces a list with its items, but for those that are sentences of their own", () => {
    const markdown = "# A\nIt must:\n- sing\n- dance. It may rest.\n  - twice\n\nIt ends.\n";
    expect(said(markdown)).toEqual(["A: MUST It must:\nsing\ndance.\ntwice", "A: MAY It may rest."]);
  });

  test("gives what introduces code with the code, and the example after a whole sentence without", () => {
    expect(said("# A\nIt must be of the form\n\n    { a: 1 }\n")).toEqual([
      "A: MUST It must be of the form\n{ a: 1 }",
    ]);
    expect(said("# A\nIt must be.\n\n    { a: 1 }\n")).toEqual(["A: MUST It must be."]);
    expect(said("# A\nAn example:\n\n    { a: 1 } (optional)\n")).toEqual([
      "A: OPTIONAL { a: 1 } (optional)",
    ]);
  });

  test("gives the rows of a table of error codes, and of no other", () => {
    const table = (head: string) => `# A\n${head}|Meaning\n---|---\n \`1\`|wrong\n`;
    expect(said(table("Error Code"))).toEqual(["A: CODE `1` | wrong"]);
    expect(said(table("Number"))).toEqual([]);
  });

  test("has the same sentences whatever its line breaks, and others where a word changes", () => {
    const [one] = sentencesOf("# A\nIt must\nanswer.\n");
    expect(one?.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(sentencesOf("# A\nIt *must*   answer.\n")[0]?.hash).toBe(one?.hash);
    expect(sentencesOf("# A\nIt must answer twice.\n")[0]?.hash).not.toBe(one?.hash);
  });
});
