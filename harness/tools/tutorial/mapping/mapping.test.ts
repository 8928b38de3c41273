import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { Knowledge } from "#harness/tools/tutorial/run/knowledge.ts";
import { applyMapping, fill, wholeWord } from "./apply.ts";
import { defaultMapping, loadMapping, readingOf, unknownPlugins } from "./load.ts";
import type { Plugin } from "./schema.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-mapping-"));
afterAll(() => rmSync(folder, { recursive: true }));
function file(text: string): string {
  const path = join(folder, "mapping.yaml");
  writeFileSync(path, text);
  return path;
}
const load = (text: string) => loadMapping(file(`version: 1\nnodes: { a: node1 }\n${text}`));

test.for([
  ["nmaes: [x]", /mapping\.yaml:3: nmaes: unknown key, with the value \["x"\]/],
  [
    "commands:\n  - { match: a, run: b }\n  - { match: a, rnu: b }",
    /:5: commands\.1\.rnu: unknown key, with the value "b"/,
  ],
  [
    'commands:\n  - { match: "(", run: b }',
    /:4: commands\.0\.match: expected a regular expression \(.*\), got "\("/,
  ],
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

test("what a text leaves to the reader is filled in from the last output that has it", () => {
  const { placeholders } = load(
    'placeholders:\n  - { text: <TOKEN>, command: "^make", output: "--token (?<value>\\\\S+)" }',
  );
  const knowledge = new Knowledge();
  const notes: string[] = [];
  expect(knowledge.fillIn("join <TOKEN>", placeholders, notes)).toMatchObject({ missing: "<TOKEN>" });
  knowledge.printed("make one", "join with --token A1\n");
  knowledge.printed("make \\\n  two", "join with --token B2\n");
  knowledge.printed("show", "--token C3\n");
  expect(knowledge.fillIn("join <TOKEN> <OTHER>", placeholders, notes)).toEqual({
    command: "join B2 <OTHER>",
    missing: undefined,
  });
  expect(notes).toEqual(["<TOKEN> is B2 here"]);
});

test("a mapping for a text without hosts at its prompts says where the text begins, and how sentences name hosts", () => {
  expect(readingOf(load("start: a\nprose: ['on (?<host>\\w+)']"))).toMatchObject({
    start: "a",
    hosts: { names: new Set(["a"]) },
  });
  expect(() => load("start: b")).toThrow(/start: expected one of nodes, a, got "b"/);
  expect(() => load("prose: ['on \\w+']")).toThrow(
    /prose\.0: expected a pattern with the group \(\?<host>…\)/,
  );
});

test("a rule fits a command of several lines as if it were of one", () => {
  const mapping = load("commands:\n  - { match: '^create (.*) x$', run: make $1 }");
  expect(applyMapping(mapping, "none", { command: "create \\\n  --a \\\n  --b x", chapter })).toMatchObject({
    command: "make --a --b",
  });
});

test("a rule can be for several plugins", () => {
  const mapping = load("commands:\n  - { match: a, run: b, plugin: [mine, yours] }");
  for (const [plugin, command] of [
    ["mine", "b"],
    ["yours", "b"],
    ["none", "a"],
  ] as const) {
    expect(applyMapping(mapping, plugin, { command: "a", chapter })).toMatchObject({ command });
  }
});

test("with Contiv, engines have a cluster store: overlays are as in the text, and containers are placed by hand", () => {
  const mapping = loadMapping(defaultMapping);
  const swarm = { ...chapter, title: "Chapter 6: Running containers in a swarm cluster" };
  const overlay = "docker network create -d=overlay --subnet=10.1.1.0/24 overlay-net";
  expect(applyMapping(mapping, "contiv", { command: overlay, chapter })).toMatchObject({
    command: overlay,
    notes: [],
  });
  const second = "docker run -itd --name=overlay-c2 --net=overlay-net alpine /bin/sh";
  expect(applyMapping(mapping, "contiv", { command: second, chapter: swarm })).toMatchObject({
    ...{ command: second, on: "node2" },
  });
  expect(applyMapping(mapping, "contiv", { command: second, chapter })).toMatchObject({
    ...{ command: second, on: undefined },
  });
  const manager = "export DOCKER_HOST=tcp://192.168.2.10:2375";
  expect(applyMapping(mapping, "contiv", { command: manager, chapter: swarm })).toMatchObject({
    kind: "not runnable",
    reason: expect.stringContaining("classic Swarm is gone"),
  });
  expect(
    applyMapping(mapping, "contiv", { command: 'ps aux | grep "/opt/bin/netplugin"', chapter: swarm }),
  ).toMatchObject({ command: 'ps aux | grep "/opt/netconform-contiv/bin/netplugin"' });
  expect(applyMapping(mapping, "contiv", { command: "sudo kill -9 4239", chapter: swarm })).toMatchObject({
    command: "kill -9 $(pidof netplugin)",
  });
});

test("rules are for a plugin by the name of its driver, and a name that nobody knows is told", () => {
  const mapping = load(
    "commands:\n  - { match: a, run: b, plugin: mine }\n  - { match: a, run: c, plugin: refrence }",
  );
  expect(applyMapping(mapping, "mine", { command: "a", chapter })).toMatchObject({ command: "b" });
  expect(applyMapping(mapping, "none", { command: "a", chapter })).toMatchObject({ command: "a" });
  expect(unknownPlugins(mapping, ["mine", "reference"])).toEqual(["refrence"]);
});

describe("in Contiv's texts", () => {
  const contiv = loadMapping(defaultMapping);
  const run = (command: string, plugin: Plugin = "reference") =>
    applyMapping(contiv, plugin, { command, chapter });

  test.for([
    ["docker run -itd --name=c --net=db.contiv-net alpine sh", "{{dns db}}-itd --name=c --net=db alpine sh"],
    [
      "docker run -itd --name=c --net=db.contiv-net/blue alpine sh",
      "{{dns db/blue}}-itd --name=c --net=db/blue alpine sh",
    ],
    [
      "docker run -itd --name=c --net=contiv-net alpine sh",
      "{{dns contiv-net}}-itd --name=c --net=contiv-net alpine sh",
    ],
  ])("a group may be named with its network: %s", ([typed, expected]) => {
    expect(run(typed!)).toMatchObject({ kind: "run", command: `docker run ${expected}` });
  });

  test("iptables without sudo is typed by an ordinary user, with sudo by root", () => {
    expect(run("iptables -t nat -L -n", "none")).toMatchObject({
      command: "runuser -u nobody -- iptables -t nat -L -n",
    });
    expect(run("sudo iptables -t nat -L -n", "none")).toMatchObject({
      command: "sudo iptables -t nat -L -n",
      notes: [],
    });
  });

  test.for([
    "yum install nc",
    "sudo yum install -y nc",
    "sudo yum -y install nmap-ncat",
    "apt-get install netcat",
  ])("nothing is installed that the nodes have: %s", (typed) => {
    expect(run(typed)).toMatchObject({
      kind: "not runnable",
      reason: expect.stringContaining("the nodes have an nc"),
    });
  });
});

test("the mapping that docs/tutorial.md puts together in five minutes is sound", () => {
  const page = readFileSync(join(projectRoot, "docs/tutorial.md"), "utf8");
  const section = page.slice(page.indexOf("## A mapping for a text of your own")).split("\n## ")[0] ?? "";
  const parts = [...section.matchAll(/^ {3}```yaml\n(.*?)^ {3}```$/gms)].map(([, yaml = ""]) =>
    yaml.replaceAll(/^ {3}/gm, ""),
  );
  expect(parts).toHaveLength(5);
  const made = loadMapping(file(parts.join("")));
  expect(made.prose[0]?.exec("From `web-2`, look")?.groups?.host).toBe("web-2");
  expect(applyMapping(made, made.plugin, { command: "docker service create nginx", chapter })).toMatchObject({
    command: "docker service create --no-resolve-image nginx",
  });
});

test("the mapping for Docker's own tutorials is sound", () => {
  const { prose, placeholders, nodes } = loadMapping(join(import.meta.dirname, "docker.yaml"));
  expect(prose[0]?.exec("On `worker-1`, join")?.groups?.host).toBe("worker-1");
  expect(placeholders[0]?.output.exec("swarm join --token SWMTKN-1-a 10.0.0.1:2377")?.groups?.value).toBe(
    "SWMTKN-1-a",
  );
  expect(new Set(Object.values(nodes))).toEqual(new Set(["node1", "node2", "node3"]));
});
