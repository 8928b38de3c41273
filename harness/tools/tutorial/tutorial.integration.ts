import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { runCommand } from "#harness/testing/support/run-script.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-tutorial-"));
afterAll(() => rmSync(folder, { recursive: true }));
const fixture = (name: string) => join(import.meta.dirname, "fixtures", name);

/** Runs the command as a user would and yields how it ended and what it said. */
function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return runCommand(["tutorial", ...args], {
    KEEP: "0",
    REPORTS: join(folder, "reports"),
    ...env,
  });
}

interface Report {
  plugin: string;
  overhead: number;
  counts: Record<string, number>;
  commands: {
    line: number;
    verdict: string;
    reason?: string;
    notes: string[];
    ran?: { node: string; command: string; output: string };
  }[];
  coverage: { claims: { id: string; lines: number[] }[] };
}

test("a text is run for real, and exactly what it says wrongly comes out as broken", {
  timeout: 300_000,
}, async () => {
  const [engine = ""] = readSettings().ENGINE;
  const { code, said } = await run(
    [
      "--plugin",
      "macvlan",
      "--mapping",
      fixture("mapping.yaml"),
      "--claims",
      fixture("claims.md"),
      fixture("small.md"),
    ],
    { ENGINE: engine },
  );
  const report = JSON.parse(
    readFileSync(join(folder, `reports/tutorial/small@${engine}.json`), "utf8"),
  ) as Report;
  const of = (verdict: string) => report.commands.filter((one) => one.verdict === verdict);
  const lines = readFileSync(fixture("small.md"), "utf8").split("\n");
  const lineOf = (text: string) => lines.findIndex((line) => line.includes(text)) + 1;
  expect(
    of("broken").map(({ line }) => line),
    said,
  ).toEqual([lineOf("docker network ls"), lineOf("nobody")]);
  expect(of("not runnable").map(({ line, reason }) => [line, reason])).toEqual([
    [lineOf("/ # id"), expect.stringContaining("which did not get there")],
    [lineOf("vagrant destroy"), "the harness removes the nodes"],
  ]);
  expect(report.commands).toHaveLength(21);
  expect(report.plugin, "the command line has the last word").toBe("macvlan");
  const scan = report.commands.find(({ line }) => line === lineOf("8889"));
  expect(scan?.ran?.command).toMatch(/^nc -nzvw 1 10\.77\.1\.[2-8] 8889$/);
  const second = report.commands.find(({ line }) => line === lineOf("--name=small-client"));
  expect(second?.notes.join()).toContain(
    `a second window on node1: in the first, line ${lineOf("nc -l 8888")} still runs`,
  );
  expect(report.coverage.claims.map(({ id, lines: touched }) => [id, touched])).toEqual([
    ["M3", []],
    ["Z1", []],
  ]);
  expect(code).toBe(1);
  expect(said.trimEnd().split("\n").at(-1)).toBe(
    `${report.counts.same! + report.counts["differs harmlessly"]!} passed, 2 failed`,
  );

  const page = readFileSync(join(folder, `reports/tutorial/small@${engine}.html`), "utf8");
  expect(page).toContain(`id="line-${lineOf("nobody")}"`);
  expect(page).not.toContain("<script");
  const annotated = readFileSync(join(folder, `reports/tutorial/small@${engine}.md`), "utf8");
  expect(annotated).toContain(`line ${lineOf("nobody")}, \`docker exec -it nobody /bin/sh\`: **broken**`);
  const results = readdirSync(join(folder, "reports/allure-results")).filter((name) =>
    name.endsWith("-result.json"),
  );
  expect(results).toHaveLength(report.commands.length);
});

test("a text whose prompts name no host is run for real, with shells that stay and values that it leaves to the reader", {
  timeout: 300_000,
}, async () => {
  const [engine = ""] = readSettings().ENGINE;
  const path = fixture("sentences.md");
  const { code, said } = await run(["--mapping", fixture("sentences.yaml"), path], {
    ...{ ENGINE: engine, GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: projectRoot },
  });
  const report = JSON.parse(
    readFileSync(join(folder, `reports/tutorial/sentences@${engine}.json`), "utf8"),
  ) as Report;
  const lines = readFileSync(path, "utf8").split("\n");
  const lineOf = (text: string) => lines.findLastIndex((line) => line.includes(text)) + 1;
  const of = (verdict: string) =>
    report.commands.filter((one) => one.verdict === verdict).map(({ line, reason }) => [line, reason]);
  expect(of("broken"), said).toEqual([
    [lineOf("docker attach nobody"), undefined],
    [lineOf("docker network ls"), undefined],
  ]);
  expect(said.split("\n").filter((line) => line.startsWith("::"))).toEqual(
    [lineOf("docker attach nobody"), lineOf("docker network ls")].map((line) =>
      expect.stringMatching(
        `^::error file=harness/tools/tutorial/fixtures/sentences.md,line=${line},title=Docker ${engine}%3A docker .*::.*expected`,
      ),
    ),
  );
  expect(of("not runnable")).toEqual([
    [lineOf("# id"), expect.stringContaining("which did not get there")],
    [lineOf("<LATER>"), "nothing before has printed what <LATER> is"],
  ]);
  expect(report.commands).toHaveLength(28);
  const at = (text: string) => report.commands.find(({ line }) => line === lineOf(text));
  // After the detach keys the same window is at its host again, and the shell in the container has kept what was set in it.
  expect(at("docker container ls")?.notes).toEqual([]);
  expect(at('echo "kept')?.ran).toMatchObject({ output: "kept: yes\n" });
  expect(at("docker swarm join --token <TOKEN>")?.ran).toMatchObject({
    node: "node2",
    command: expect.stringMatching(/--token SWMTKN-\S+ \\\n\s+10\.[\d.]+:2377$/),
  });
  expect(at("wget")?.ran).toMatchObject({ node: "node1", output: "it works\n" });
  expect(code).toBe(1);
});

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}
const small = fixture("small.md");
const wrong: [string, string[], Record<string, string>, RegExp][] = [
  [
    "a file that is not there",
    ["nosuch.md"],
    {},
    /nosuch\.md: expected a tutorial in Markdown, got no such file/,
  ],
  ["a folder", [folder], {}, /got a folder/],
  ["an empty file", [file("empty.md", "\n \n")], {}, /empty\.md:1: expected .*, got an empty file/],
  [
    "a binary file",
    [file("binary.md", Buffer.from("text\nmore\0"))],
    {},
    /binary\.md:2: .* byte 0x00 at offset 9/,
  ],
  ["other bytes", [file("latin.md", Buffer.from("a\nb\xe9\n", "latin1"))], {}, /latin\.md:2: .* no UTF-8/],
  [
    "50 MB",
    [file("large.md", Buffer.alloc(50_000_000, "a"))],
    {},
    /large\.md: .*got 50\.0 MB; the limit is 5 MB/,
  ],
  ["no transcript", [file("prose.md", "# A\n\ntext\n")], {}, /prose\.md:1: expected a transcript in a fence/],
  [
    "an unknown host",
    [file("host.md", "```\na@mars:~$ ls\n```\n")],
    {},
    /host\.md:2: the prompt names the host mars; expected one of/,
  ],
  [
    "an unknown key",
    ["--mapping", file("m.yaml", "version: 1\nnodes: {}\nnmaes: 7\n"), small],
    {},
    /m\.yaml:3: nmaes: unknown key, with the value 7/,
  ],
  [
    "no such chapter",
    ["--chapter", "9", small],
    {},
    /--chapter 9: expected a chapter[\s\S]*line 5: Chapter 1: shells/,
  ],
  ["a line beyond the end", ["--from", "999", small], {}, /--from 999: expected a line of the file/],
  ["claims without a table", ["--claims", small, small], {}, /small\.md:1: expected a table with rows/],
  ["no such plugin", ["--plugin", "nosuch", small], {}, /--plugin nosuch: no such driver; expected one of/],
  [
    "Contiv without a release",
    ["--plugin", "contiv", small],
    { ENGINE: "20.10" },
    /--plugin contiv: no Contiv release given \(CONTIV=…\)/,
  ],
  [
    "Contiv that is not there",
    ["--plugin", "contiv", small],
    { ENGINE: "20.10", CONTIV: "/no/such.tar" },
    /--plugin contiv: CONTIV=\/no\/such\.tar: there is no/,
  ],
  [
    "Contiv that is something else, beside a plugin that is there",
    ["--plugin", "reference,contiv", small],
    { ENGINE: "20.10", CONTIV: small },
    /--plugin contiv: CONTIV=.*small\.md: expected a tar archive .*, got not a tar archive/,
  ],
  [
    "a plugin on an engine that it cannot be tried on",
    ["--plugin", "contiv", small],
    { ENGINE: "20.10,28.5", CONTIV: "running" },
    /--plugin contiv: Docker 28\.5 has no cluster store/,
  ],
  ["an engine without an image", [small], { ENGINE: "19.03" }, /ENGINE=19\.03: expected one of 20\.10/],
];

describe.concurrent("a mistake ends with exit code 2 and says what was expected", () => {
  test.for(wrong)("%s", async ([, args, env, message], { expect }) => {
    const { code, said } = await run(args, env);
    expect(said).toMatch(message);
    expect(said).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });
});

test("--list shows the commands without a cluster, and only those that are asked for", async () => {
  mkdirSync(join(folder, "list"));
  const { code, said } = await run(["--list", "--chapter", "2", small], { REPORTS: join(folder, "list") });
  expect(code).toBe(0);
  expect(said).toMatch(/Chapter 2: a network\n\s+7\s+line\s+\d+\s+node1\s+docker network create/);
  expect(said).not.toContain("Chapter 3");
  expect(readdirSync(join(folder, "list"))).toEqual([]);
});
