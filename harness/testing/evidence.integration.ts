import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runVitest, type VitestOutcome } from "#reports/vitest-run.ts";

const config = join(import.meta.dirname, "fixtures", "vitest.config.ts");
let run: VitestOutcome;
let said = "";
/** What each look at the node told, by the look's name. */
const looks = new Map<string, string>();
let lost: { from: string; to: string; ip: string };

beforeAll(async () => {
  run = await runVitest({ config, env: { DRIVER: "bridge", NODES: "1", KEEP: "0", FIXTURES: "lost" } });
  said = `${run.stdout}\n${run.stderr}`;
  lost = JSON.parse(/lost: (\{.*\})/.exec(said)?.[1] ?? "{}");
  const [path = ""] = /evidence\S*node1-state\.txt/.exec(said) ?? [];
  const text = readFileSync(join(run.outputDir, path), "utf8");
  for (const section of text.split(/^===== node1: /m).slice(1)) {
    const [, name = "", told = ""] = /^([\w ]+) \([\s\S]*?\)\n([\s\S]*)$/.exec(section) ?? [];
    looks.set(name, told);
  }
}, 120_000);
afterAll(() => run?.[Symbol.dispose]());

/** What the look at the namespaces told of a container. */
function namespaceOf(name: string): string {
  const parts = (looks.get("namespaces") ?? "").split(/^----- /m);
  return parts.find((part) => part.split("\n")[0]?.includes(name)) ?? "";
}

test("every look at the node told something, and none failed", () => {
  expect(run.exitCode, said).toBe(1);
  expect([...looks].filter(([, told]) => /^(not collected|exit \d+):/.test(told))).toEqual([]);
});

test.for([
  ["links", /RX: +bytes/],
  ["routes", /dev eth0/],
  ["rules", /lookup main/],
  ["sockets", /sshd/],
  ["conntrack", /dport=22 /],
  ["counters", /^TcpInSegs +[1-9]/m],
  ["engine process", /pid file: \d+\n\d+ \S*dockerd/],
] as const)("of the node: %s", ([name, expected]) => {
  expect(looks.get(name), said).toMatch(expected);
});

test.for([
  ["link and counters", () => /eth0@[\s\S]*RX: +bytes/],
  ["address", () => new RegExp(`inet ${lost.ip.replaceAll(".", "\\.")}/`)],
  ["route", () => /default via \S+ dev eth0/],
  ["policy rules", () => /lookup main/],
  ["neighbour", () => /dev eth0 lladdr/],
  ["listening socket", () => /LISTEN .*:9377\b/],
  ["connection that was tracked", () => /dport=9377 /],
  ["counters of what arrived", () => /^IpInReceives [1-9]/m],
] as const)("of the container that was asked: the %s", ([, expected]) => {
  expect(namespaceOf(lost.to), looks.get("namespaces")).toMatch(expected());
});

test("the failure names the interface that it arrived at, and the rule there", () => {
  expect(said).toMatch(
    new RegExp(`it arrived at ${lost.to} eth0 \\(in\\) from \\S+ dropped by inet lost judge on ${lost.to}: `),
  );
  expect(said).toMatch(/dropped by inet lost judge on .*icmp type echo-request drop/);
});
