import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { applyMapping, fill, wholeWord } from "./apply.ts";
import { defaultMapping, loadMapping } from "./load.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-mapping-"));
afterAll(() => rmSync(folder, { recursive: true }));
function file(text: string): string {
  const path = join(folder, "mapping.yaml");
  writeFileSync(path, text);
  return path;
}
const load = (text: string) => loadMapping(file(`version: 1\nnodes: { a: node1 }\n${text}`));

test.for([
  ["nmaes: [x]", /mapping\.yaml:3: unknown key "nmaes", with the value \["x"\]/],
  [
    "commands:\n  - { match: a, run: b }\n  - { match: a, rnu: b }",
    /:5: unknown key "rnu" in commands\.1, with the value "b"/,
  ],
  ['commands:\n  - { match: "(", run: b }', /:4: commands\.0\.match: a regular expression \(.*\), got "\("/],
  ["provide: [teleporter]", /:3: provide\.0: .*got "teleporter"/],
  ["commands:\n  - { match: a }", /commands\.0 \(a\): expected run, login or notRunnable/],
  ["names: [", /mapping\.yaml:\d+: /],
] as const)("a mistake is told with file, line and value: %s", ([text, message]) => {
  expect(() => load(text)).toThrow(message);
});

const chapter = { index: 0, title: "Chapter 1: first", number: 1, line: 1 };

test("the first rule that fits is applied, and told", () => {
  const mapping = load(
    [
      "names: [{ text: alpine, live: local }]",
      "commands:",
      "  - { match: '^stop', notRunnable: not here }",
      "  - { match: '^run (\\S+)', run: start $1, why: because of $1, chapter: first }",
      "  - { match: '^run', run: never }",
    ].join("\n"),
  );
  expect(applyMapping(mapping, "none", { command: "stop it", chapter })).toEqual({
    kind: "not runnable",
    reason: "not here",
  });
  expect(applyMapping(mapping, "none", { command: "run alpine", chapter })).toMatchObject({
    command: "start local",
    notes: ["because of alpine"],
  });
  expect(
    applyMapping(mapping, "none", { command: "run x", chapter: { ...chapter, title: "second" } }),
  ).toMatchObject({ command: "never" });
  expect(applyMapping(mapping, "none", { command: "other", chapter })).toMatchObject({
    command: "other",
    notes: [],
  });
});

test("names and addresses are replaced as whole words only", () => {
  expect("10.1.2.1 10.1.2.10 10.1.2.1/24 x10.1.2.1".replaceAll(wholeWord("10.1.2.1"), "A")).toBe(
    "A 10.1.2.10 A/24 x10.1.2.1",
  );
  expect("node1 node12 my-node1 node1.".replaceAll(wholeWord("node1"), "N")).toBe("N node12 my-node1 N.");
});

test("facts are filled in, Go templates are left alone", async () => {
  const asked: string[] = [];
  const filled = await fill(
    "{{node1.control}} {{.Name}} {{range .A}}{{dns db}}{{end}}",
    async (name, args) => {
      asked.push([name, ...args].join(" "));
      return "X";
    },
  );
  expect(filled).toBe("X {{.Name}} {{range .A}}X{{end}}");
  expect(asked).toEqual(["node1.control", "dns db"]);
});

test("the project's own mapping is sound", () => {
  const { endless, listening } = loadMapping(defaultMapping);
  const ends = (command: string) => !endless.some((pattern) => pattern.test(command));
  expect(
    ["ping contiv-c1", "sudo tcpdump -e -i eth2 icmp", "nc -l 8888", "docker logs -f x"].filter(ends),
  ).toEqual([]);
  expect(
    ["ping -c 1 a", "nc -nzvw 1 10.1.2.7 8888", "nc -vw 1 localhost 9099", "tcpdump -c 1"].filter(ends),
  ).toHaveLength(4);
  expect(listening[0]?.exec("nc -l 8888")?.groups?.port).toBe("8888");
});
