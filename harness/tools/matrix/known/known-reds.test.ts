import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { exampleCell, exampleMatrix } from "#harness/testing/support/examples/matrix.ts";
import { countMatrix } from "#harness/tools/matrix/matrix-run.ts";
import { tellUnattached, unattachedReasons } from "#harness/workload/docker/unattached.ts";
import { formatMarkdown } from "#reports/matrix/markdown.ts";
import { matrixSchema } from "#reports/matrix/schema.ts";
import { compareWithKnown, readKnownReds } from "./known-reds.ts";

const upstream = "https://example.org/issues/1";

function makeFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "netconform-known-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "known.yaml");
  writeFileSync(path, text);
  return path;
}

const entry = (more = "") =>
  `- { driver: overlay, engines: ["26.1"], requirement: M4, says: no answer, upstream: "${upstream}"${more} }\n`;

test("what fails as is known does not fail the matrix, and is told with its report", () => {
  const failed = { outcome: "failed", reason: "no answer" } as const;
  const matrix = exampleMatrix([
    exampleCell("overlay@26.1.5", { M4: failed, M3: { outcome: "passed" } }),
    exampleCell("overlay@28.5", { M4: failed }),
    exampleCell("bridge@26.1", { M4: failed }),
  ]);
  Object.assign(matrix, compareWithKnown(matrix.cells, readKnownReds(makeFile(entry()))));
  expect(matrix.known).toEqual([
    { cell: "overlay@26.1.5", requirement: "M4", says: "no answer", upstream, state: "seen" },
  ]);
  const counts = countMatrix(matrix);
  expect(counts).toEqual({ passed: 1, failed: 2, known: 1 });
  const text = formatMarkdown(matrixSchema.parse(matrix), counts);
  expect(text).toMatch(/^## ✘ Conformance matrix: 1 passed, 2 failed, 1 failed as is known\n/);
  expect(text).toContain(`- M4: no answer (${upstream}): overlay&#64;26.1.5`);
  expect(text.match(/<b>M4<\/b> failed on/g)).toHaveLength(2);
});

test("what is provisional is no part of the counts, known or not", () => {
  const failed = { outcome: "failed", reason: "no answer" } as const;
  const cell = exampleCell("overlay@26.1", { M4: { ...failed, provisional: true }, M3: failed });
  const matrix = exampleMatrix([cell]);
  Object.assign(matrix, compareWithKnown(matrix.cells, readKnownReds(makeFile(entry()))));
  expect(matrix.known).toHaveLength(1);
  expect(countMatrix(matrix)).toEqual({ passed: 0, failed: 1, known: 1 });
});

test("what is known to fail and passes fails the matrix, but for what fails only sometimes", () => {
  const cells = [exampleCell("overlay@26.1", { M4: { outcome: "passed" } })];
  const strict = exampleMatrix(cells);
  Object.assign(strict, compareWithKnown(cells, readKnownReds(makeFile(entry()))));
  expect(countMatrix(strict)).toEqual({ passed: 1, failed: 1, known: 0 });
  expect(formatMarkdown(strict, countMatrix(strict))).toContain(
    "M4 on overlay&#64;26.1: take it off the list",
  );
  const race = readKnownReds(makeFile(entry(", sometimes: true")));
  expect(compareWithKnown(cells, race).known).toEqual([]);
});

test("what fails for another reason than the known one is not known", () => {
  const known = readKnownReds(makeFile(entry(", reason: 'left behind: xfrm'")));
  const outcomes = ["links: left behind: veth1", "left behind: xfrm state"].map((reason) => {
    const cells = [exampleCell("overlay@26.1", { M4: { outcome: "failed", reason } })];
    return compareWithKnown(cells, known).known.length;
  });
  expect(outcomes).toEqual([0, 1]);
});

test("a race that may strike any requirement is known by its reason alone, and once", () => {
  const race = `{ driver: overlay, engines: ["26.1"], says: dropped, upstream: "${upstream}", reason: by its log, sometimes: true }`;
  const known = readKnownReds(makeFile(`${entry(", reason: 'by its log, gone'")}- ${race}\n`));
  const struck = { outcome: "failed", reason: "refused\n  by its log, dropped" } as const;
  const both = { outcome: "failed", reason: "refused\n  by its log, gone" } as const;
  const cells = [
    exampleCell("overlay@26.1", { B2: struck, M4: both, M3: { outcome: "failed", reason: "no answer" } }),
    exampleCell("overlay@26.1.5", { B2: { outcome: "passed" } }),
    exampleCell("bridge@26.1", { B2: struck }),
  ];
  const found = compareWithKnown(cells, known).known.map(
    ({ requirement, says }) => `${requirement}: ${says}`,
  );
  expect(found.toSorted()).toEqual(["B2: dropped", "M4: no answer"]);
});

test("a requirement of which another test failed for another reason is not known", () => {
  const known = readKnownReds(makeFile(entry(", reason: 'left behind: xfrm'")));
  const cell = exampleCell("overlay@26.1", { M4: { outcome: "failed", reason: "left behind: xfrm state" } });
  expect(compareWithKnown([cell], known).known).toHaveLength(1);
  const [result] = cell.target?.results ?? [];
  const [shown] = result?.tests ?? [];
  if (shown) result?.tests.push({ ...shown, reason: "no answer" });
  expect(compareWithKnown([cell], known).known).toEqual([]);
});

test("what broke, was blocked or did not run is never taken for a known red", () => {
  const known = readKnownReds(makeFile(entry()));
  for (const outcome of ["error", "blocked", "not run", "unsupported"] as const) {
    const cells = [exampleCell("overlay@26.1", { M4: { outcome, reason: "no answer" } })];
    expect(compareWithKnown(cells, known).known).toEqual([]);
  }
});

test.for([
  [
    "an id that is none",
    entry().replace("M4", "M400"),
    /known\.yaml:1: 0\.requirement: expected an id of the catalogue, got "M400"/,
  ],
  [
    "a version that is a number",
    entry().replace('"26.1"', "26.1"),
    /known\.yaml:1: 0\.engines\.0: expected /,
  ],
  ["a key that is none", entry(", since: yesterday"), /known\.yaml:1: .*since/],
  [
    "no requirement and no reason",
    entry(", sometimes: true").replace(" requirement: M4,", ""),
    /0\.requirement: expected an id of the catalogue, or a reason with `sometimes: true`, got nothing/,
  ],
  [
    "no requirement of what always fails",
    entry(", reason: always").replace(" requirement: M4,", ""),
    /0\.requirement: expected an id/,
  ],
  [
    "no report",
    `- { driver: overlay, engines: ["26.1"], requirement: M4, says: no answer }\n`,
    /0\.upstream: expected .* got nothing/,
  ],
  [
    "a reason that is no pattern",
    entry(", reason: '('"),
    /0\.reason: expected a regular expression, got "\("/,
  ],
  ["no YAML", "- [", /known\.yaml:\d: /],
] as const)("%s ends with file and line", ([, text, message]) => {
  expect(() => readKnownReds(makeFile(text))).toThrow(message);
});

test("the project's own list and the one in the document can be read", () => {
  const read = (path: string) => readFileSync(join(projectRoot, path), "utf8");
  const [, sample = ""] = /```yaml\n([\s\S]*?)```/.exec(read("docs/matrix.md")) ?? [];
  expect(readKnownReds(makeFile(sample))).toMatchObject([{ engines: ["20.10", "26.1"], sometimes: true }]);
  expect(() => readKnownReds(join(projectRoot, "docs/docker-drivers.yaml"))).not.toThrow();
});

test("the project's own list knows each reason why a swarm attaches no container, as it is told", () => {
  const known = readKnownReds(join(projectRoot, "docs/docker-drivers.yaml"));
  const failed = (said: string) =>
    ({ outcome: "failed", reason: `attaching to network failed\n${said}` }) as const;
  for (const reason of Object.values(unattachedReasons)) {
    const cells = [exampleCell("overlay@28.5.2", { M4: failed(tellUnattached("node1", reason).evidence) })];
    expect(compareWithKnown(cells, known).known).toMatchObject([{ upstream: reason.report }]);
  }
  const others = [exampleCell("overlay@28.5.2", { M4: failed("  the engine of node1 says nothing") })];
  expect(compareWithKnown(others, known).known).toEqual([]);
});

test("a file that is not there is named", () => {
  expect(() => readKnownReds("/nowhere/known.yaml")).toThrow(
    /--known \/nowhere\/known\.yaml: expected a file/,
  );
});
