import { describe, expect, test } from "vitest";
import { UsageError } from "#harness/core/errors.ts";
import { parseTutorial } from "./tutorial.ts";

const read = (text: string) => parseTutorial("text.md", text.split("\n"));
const commands = (text: string) =>
  read(text).steps.map(({ line, place, command }) => [line, place.kind, command]);

test("prompts say where a command is typed", () => {
  const text = [
    "```",
    "me@node1:~$ docker ps",
    "[me@node2 ~]$ docker ps",
    "root@node1:/etc# ls",
    "$ ls",
    "/ # ifconfig",
    "/app $ id",
    "bash-5.1# id",
    "root@0a1b2c3d4e5f:/# id",
    "```",
  ];
  const { steps } = read(text.join("\n"));
  expect(steps.map(({ place }) => (place.kind === "node" ? place.host : place.kind))).toEqual([
    ...["node1", "node2", "node1", "unnamed"],
    ...["container", "container", "container", "container"],
  ]);
  expect(steps[2]).toMatchObject({ line: 4, command: "ls" });
});

test("slips in prompts are understood and told", () => {
  const { steps } = read(
    ["```", "$ me@node1:~$ ls", "me@node1:~$ $ ls", "e@node1:~$ ls", "$ $ ls", "```"].join("\n"),
  );
  expect(steps.map(({ command }) => command)).toEqual(["ls", "ls", "ls", "ls"]);
  expect(steps.map(({ notes }) => notes)).toEqual([
    ['a prompt before the prompt: "$"'],
    ['a second prompt behind the prompt: "$"'],
    ['the prompt says "e@", elsewhere "me@"'],
    ['a second prompt behind the prompt: "$"'],
  ]);
});

test("output, ^C and remarks of the author belong to the command before", () => {
  const { steps } = read(
    [
      "~~~console",
      "/ # ping b",
      "64 bytes from b",
      "^C",
      "--- b ---",
      "/ # nc -l 80",
      "<awaiting connection>",
      ". . .",
      "/ # ",
      "$",
      "~~~",
    ].join("\n"),
  );
  expect(steps).toMatchObject([
    { expected: ["64 bytes from b", "--- b ---"], interrupted: true, endLine: 5, blockEnd: 11 },
    { expected: [], interrupted: false, remarks: ["<awaiting connection>", ". . ."] },
  ]);
  expect(steps).toHaveLength(2);
});

test("continued lines and here-documents are one command", () => {
  const text = [
    "```",
    "a@b:~$ docker run \\",
    "> --name=c \\",
    "  alpine",
    "a@b:~$ cat <<-'END' >f",
    "$ not a command",
    "\tEND",
    "done",
    "a@b:~$ echo 'x",
    "> y'",
    "```",
  ];
  expect(commands(text.join("\n"))).toEqual([
    [2, "node", "docker run \\\n--name=c \\\n  alpine"],
    [5, "node", "cat <<-'END' >f\n$ not a command\n\tEND"],
    [9, "node", "echo 'x\ny'"],
  ]);
});

test.for([
  ["cat <<END", /text\.md:2: expected the end of the here-document, END,/],
  ["ls \\", /text\.md:2: expected the line that \\ announces/],
  ["echo 'it", /text\.md:2: expected the closing '/],
] as const)("a command that never ends is an error with its line: %s", ([typed, message]) => {
  expect(() => read(["```", `a@b:~$ ${typed}`, "```"].join("\n"))).toThrow(message);
});

test("fences in lists, with tabs, CRLF and indented code are read", () => {
  const text = [
    "1. one",
    "   - two",
    "     ```",
    "     a@b:~$ ls\t-l",
    "     ```",
    "",
    "para",
    "",
    "\ta@b:~$ id",
    "\tuid=0",
  ];
  expect(parseTutorial("f", text.join("\n").split("\n")).steps).toMatchObject([
    { line: 4, command: "ls\t-l" },
    { line: 9, command: "id", expected: ["uid=0"] },
  ]);
});

test("a stray fence does not turn the rest of the text inside out", () => {
  const text = [
    "```",
    "a@b:~$ one",
    "```",
    "prose",
    "```",
    "",
    "## Next",
    "prose",
    "```",
    "a@b:~$ two",
    "```",
    "end",
    "```",
    "## Last",
  ];
  const { steps, notes } = read(text.join("\n"));
  expect(steps.map(({ line, command, section }) => [line, command, section])).toEqual([
    [2, "one", ""],
    [10, "two", "Next"],
  ]);
  expect(notes.map(({ line }) => line)).toEqual([5, 13]);
});

test("a fence that is not closed ends before the next heading", () => {
  const { steps, notes, chapters } = read(
    ["# A", "```", "a@b:~$ one", "out", "", "## B", "text", "```", "a@b:~$ two", "```"].join("\n"),
  );
  expect(steps).toMatchObject([
    { command: "one", expected: ["out"] },
    { command: "two", section: "B" },
  ]);
  expect(notes).toMatchObject([{ line: 2 }]);
  expect(chapters.map(({ title }) => title)).toEqual(["A", "B"]);
});

test("a prompt that names its host is found outside of fences, others are prose", () => {
  expect(commands("Type\na@b:~$ ls\nor pay $ 5\n\n$ 5 is cheap\n")).toEqual([[2, "node", "ls"]]);
});

test("a text without a transcript is an error that says what was found", () => {
  expect(() => read("# A\ntext")).toThrow(
    /text\.md:1: expected a transcript in a fence, got a text without any fence/,
  );
  expect(() => read("a\n\n```json\n{}\n```")).toThrow(UsageError);
  expect(() => read("a\n\n```json\n{}\n```")).toThrow(/text\.md:4: expected a transcript, got 1 fence/);
});

test("prompts of the reader's own", () => {
  const custom = [{ pattern: /^(?<host>\w+)> (?<command>.*)$/, place: "node" as const }];
  expect(parseTutorial("f", ["```", "alpha> ls", "```"], { prompts: custom }).steps).toMatchObject([
    { place: { kind: "node", host: "alpha" }, command: "ls" },
  ]);
});

describe("a text whose prompts name no host", () => {
  const text = (...lines: string[]) =>
    parseTutorial("f", lines, {
      start: "first",
      hosts: { patterns: [/\b[Oo]n `(?<host>\w+)`/], names: new Set(["first", "second"]) },
      prompts: [{ pattern: /^# (?<command>.*)$/, place: "container" }],
    }).steps.map(({ place, command }) => [("host" in place && place.host) || place.kind, command]);
  const fence = (typed: string, indent = "") =>
    ["```console", typed, "```", ""].map((line) => `${indent}${line}`);

  test("is at its beginning where nothing says where it is, and then where it was last", () => {
    expect(text(...fence("$ a"), "On `second`:", ...fence("$ b"), ...fence("$ c"))).toEqual([
      ["first", "a"],
      ["second", "b"],
      ["second", "c"],
    ]);
  });

  test("is where the nearest sentence says that counts: before the fence, in its list item or around it", () => {
    const steps = text(
      "1. On `second`, do this (as on `first`):",
      "",
      "   - And with that:",
      "",
      ...fence("$ a", "     "),
      "   It is known on `first`.",
      "",
      "2. Another:",
      "",
      ...fence("$ b", "   "),
      "3. On `first`, at last:",
      "",
      "   > On `second` it goes without.",
      "",
      ...fence("$ c", "   "),
      "On `second`",
      "",
      "## Next",
      "",
      ...fence("$ d"),
    );
    expect(steps).toEqual([
      ["second", "a"],
      ["second", "b"],
      ["first", "c"],
      ["first", "d"],
    ]);
  });

  test("names other things than hosts in the same words", () => {
    expect(text("On `alpine1`, on `second`:", ...fence("$ a"))).toEqual([["second", "a"]]);
  });

  test("says of a container's prompt on which host the container is", () => {
    expect(text("On `second`:", ...fence("# a"), ...fence("$ b"))).toEqual([
      ["second", "a"],
      ["second", "b"],
    ]);
  });
});

test("the detach keys belong to the command before, in a fence and in a sentence", () => {
  const { steps } = read(
    [
      ...["```", "/ # one", "out", "", "CTRL+p CTRL+q", "$ two", "/ # three", "^P^Q", "```"],
      ...[
        "Look.",
        "```",
        "/ # four",
        "```",
        "",
        "Detach with `CTRL` + `p` `CTRL` + `q`.",
        "",
        "```",
        "$ five",
        "```",
      ],
      ...["", "Hold CTRL-p CTRL-q.", ""],
    ].join("\n"),
  );
  expect(steps.map(({ command, detached, expected }) => [command, detached, expected])).toEqual([
    ["one", true, ["out"]],
    ["two", false, []],
    ["three", true, []],
    ["four", true, []],
    ["five", true, []],
  ]);
});

test("a console fence in which the prompt is forgotten is one where its program is the text's", () => {
  const { steps } = read(
    [
      "```",
      "$ docker ps",
      "```",
      "```console",
      "docker stop a",
      "```",
      "```console",
      "ls",
      "```",
      "```",
      "docker x",
      "```",
    ].join("\n"),
  );
  expect(steps.map(({ line, command, notes }) => [line, command, notes])).toEqual([
    [2, "docker ps", []],
    [5, "docker stop a", ["a command without a prompt, in a fence of them"]],
  ]);
});

test("what an author cuts out of an output is no output", () => {
  const { steps } = read(
    ["```", "$ a", "...truncated...", '"A": 1', "...truncated", "... and so on ...", "```"].join("\n"),
  );
  expect(steps).toMatchObject([{ expected: ['"A": 1'], remarks: { length: 3 } }]);
});
