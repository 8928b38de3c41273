import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { type RequirementId, requirementIds, requirementOf } from "#suites/requirements/catalogue.ts";
import { SuiteModule } from "./module.ts";
import { readSteps, type Step, stepsIn } from "./steps.ts";

const steps = readSteps();
const stepsOf = (id: RequirementId) => steps.filter(({ requirement }) => requirement === id);
const textOf = (file: string) => readFileSync(join(projectRoot, file), "utf8");

/** The steps in `source`, beside which the suites have these modules. */
function read(source: string, beside: Readonly<Record<string, string>> = {}): Step[] {
  const files: Readonly<Record<string, string>> = { "suites/mine/a.test.ts": source, ...beside };
  return stepsIn(["suites/mine/a.test.ts"], (file) => files[file]);
}

test("every requirement has a step, but those of old versions, which tests of later ones show", () => {
  const none = requirementIds.filter((id) => stepsOf(id).length === 0);
  const replaced = requirementIds.map((id) => requirementOf(id).appliesTo.predecessor);
  expect(none.filter((id) => !replaced.includes(id))).toEqual([]);
});

describe("the steps of every requirement", () => {
  test.each(requirementIds)("%s: each is where its file cites or mentions the id", (id) => {
    for (const { file, line } of stepsOf(id)) {
      const source = new SuiteModule(file, textOf(file));
      const cited = source.citations.filter(({ id: one }) => one === id).map(({ call }) => call.start);
      const mentioned = source.mentions.get(id) ?? Number.NaN;
      expect([...cited, mentioned].map(source.lineOf)).toContain(line);
    }
  });

  test.each(requirementIds)("%s: none looks with anything where its tests are empty", (id) => {
    const emptied = (file: string) => {
      const text = textOf(file);
      const own = new SuiteModule(file, text).citations.filter((one) => one.id === id);
      return own.reduceRight(
        (rest, { call }) => `${rest.slice(0, call.start)}cites("${id}", "")${rest.slice(call.end)}`,
        text,
      );
    };
    const files = [...new Set(stepsOf(id).map(({ file }) => file))];
    const left = stepsIn(files, emptied).filter(({ requirement }) => requirement === id);
    expect(left).toHaveLength(stepsOf(id).length);
    expect(left.flatMap(({ checks }) => checks)).toEqual([]);
  });

  test.each(requirementIds)("%s: they are the same where the file has the tests of no other", (id) => {
    for (const file of new Set(stepsOf(id).map((one) => one.file))) {
      const alone = (path: string) => {
        const text = textOf(path);
        const others = new SuiteModule(path, text).citations.filter((one) => one.id !== id);
        // As long as before, so that lines stay.
        return others.reduceRight(
          (rest, { call }) =>
            rest.slice(0, call.start) +
            `void 0${rest.slice(call.start + 6, call.end).replaceAll(/\S/g, " ")}` +
            rest.slice(call.end),
          text,
        );
      };
      const left = stepsIn([file], alone).filter(({ requirement }) => requirement === id);
      expect(left).toEqual(stepsOf(id).filter((one) => one.file === file));
    }
  });
});

test("a function at the end of a file belongs to the tests that use it", () => {
  expect(stepsOf("M16").map(({ checks }) => checks)).toEqual([["expectOpen"]]);
  expect(stepsOf("M14").flatMap(({ checks }) => checks)).toContain("expectOthersFit");
});

test("what a test looks with in another file of the suites is told", () => {
  const [step] = stepsOf("X9b");
  expect(step?.checks).toEqual(
    expect.arrayContaining(["expectAsDeclared", "expectPing", "expectApart", "expectBlocked"]),
  );
  expect(step?.controlled).toEqual(["expectBlocked", "expectNoPing"]);
});

test("a test is read over several lines, and what a template fills in is left open", () => {
  const title = ["$", '{count} probes, and "more"'].join("");
  const source = `requirement(\n  "M4",\n  \`${title}\`,\n  async () => expectPing(a, b),\n);`;
  expect(read(source)).toEqual([
    {
      ...{ requirement: "M4", title: '… probes, and "more"', file: "suites/mine/a.test.ts", line: 1 },
      ...{ checks: ["expectPing"], controlled: [] },
    },
  ]);
});

describe("a title that is filled in", () => {
  const titlesOf = (source: string, beside?: Readonly<Record<string, string>>) =>
    read(source, beside).map(({ title, checks }) => ({ title, checks }));
  const filled = (name: string) => `\`after ${["$", `{${name}}`].join("")}\``;
  const table = 'const rows = { one: { says: "this" }, "the other": { says: "that" } } as const;';

  test("is that of every row of a table, where it is a field of one, and its test is read", () => {
    const source = `${table}
      for (const way of ["one", "the other"] as const) {
        const { says } = rows[way];
        requirement("M4", says, async () => expectPing(a, b));
      }`;
    expect(titlesOf(source)).toEqual([{ title: "this / that", checks: ["expectPing"] }]);
  });

  test("has the keys that a loop goes through, also of a table in another file, and the texts of a list", () => {
    const source = `
      import { rows } from "./rows.ts";
      for (const [name, row] of Object.entries(rows)) requirement("M4", ${filled("name")}, () => row);
      for (const row of Object.values(rows)) requirement("M5", ${filled("row.says")}, () => row);
      for (const way of ["a", "b"] as const) requirement("M8", ${filled("way")}, () => way);
      for (const row of [{ says: "x" }, { says: "y" }]) requirement("M11", ${filled("row.says")}, () => row);`;
    const titles = titlesOf(source, { "suites/mine/rows.ts": `export ${table}` });
    expect(titles.map(({ title }) => title)).toEqual([
      "after one / the other",
      "after …",
      "after a / b",
      "after x / y",
    ]);
  });

  test("is as it is written where nobody knows what that is, and no title where no test has it", () => {
    const source = 'requirement("M4", wordsFor(way), () => expectPing()); judge("M5", wordsFor(way));';
    expect(titlesOf(source)).toEqual([
      { title: "wordsFor(way)", checks: ["expectPing"] },
      { title: requirementOf("M5").title, checks: [] },
    ]);
  });

  test("is told of the tests of restarts and of changes of rules", () => {
    expect(stepsOf("H2").map(({ title }) => title)).toEqual([
      "the plugin is restarted / an engine is restarted, whose containers run on",
    ]);
    expect(stepsOf("H1").map(({ title }) => title)).toEqual([
      "after a rule that denies is added / the rule that allows is deleted",
    ]);
    expect(stepsOf("C1").map(({ title }) => title)).toEqual(["nothing of the chapter is left on any node"]);
  });
});

describe("a name that a test uses", () => {
  const checksOf = (source: string, beside?: Readonly<Record<string, string>>) =>
    read(source, beside).map(({ checks }) => checks.join(" "));

  test("is followed, also where it is handed on or in another file, and only within the suites", () => {
    const source = `
      import { looks as look } from "./beside.ts";
      import { expectOpen } from "#harness/open.ts";
      requirement("M4", "one", async () => { look(); ends.map(expectOpen); });`;
    const beside = {
      "suites/mine/beside.ts": "const own = () => expectPing(); export { own as looks };",
      "harness/open.ts": "export const expectOpen = () => expectNothing();",
    };
    expect(checksOf(source, beside)).toEqual(["expectOpen expectPing"]);
  });

  test("is what the nearest block around the test declares, and nothing for a parameter or a field", () => {
    const source = `
      const look = () => expectPing();
      const other = () => expectNoPing();
      chapter("one", ({ other }) => {
        const look = () => expectOpen();
        requirement("M4", "one", async (test) => { look(); other(); test.other(); });
      });
      requirement("M5", "two", async () => { const look = 1; use(look); });`;
    expect(checksOf(source)).toEqual(["expectOpen", ""]);
  });

  test("says nothing of other tests around it", () => {
    const source = `
      const both = () => { requirement("M4", "one", () => expectPing()); requirement("M5", "two", () => {}); };
      requirement("M8", "three", () => both());`;
    expect(checksOf(source)).toEqual(["expectPing", "", ""]);
  });
});
