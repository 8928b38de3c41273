import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { traceSchema } from "#harness/conformance/suite/record/trace/schema.ts";
import { exampleTrace, traceBegin } from "#harness/testing/support/examples/trace.ts";
import { HostileTexts } from "#harness/testing/support/hostile.ts";
import { eventsOf, lanesOf } from "./events.ts";
import { pageLimit, renderTrace } from "./trace-page.ts";

const path = "evidence/mine@26.1/multihost/M4/trace.json";
const recorded = join(import.meta.dirname, "fixtures/vxlan-dropped.json");

describe("the events of a trace", () => {
  test("are those of all who took part, in the order of time", () => {
    const told = eventsOf(exampleTrace()).map(({ lane, at, title }) => [lane, at - traceBegin, title]);
    expect(told).toEqual([
      ["test", 0, "the test began"],
      ["engine", 100, 'POST /networks/create {"Name":"n1"} → done'],
      ["plugin", 150, "NetworkDriver.Join → 200 refused"],
      ["engine", 160, 'level=warning msg="no such network"'],
      ["host node1", 9_000, "ping -c1 10.1.2.2 → 1"],
      ["test", 10_000, "a check had failed, and is made once more to see why"],
      ["packets", 10_100, "10.1.2.1 > 10.1.2.2 icmp type 8"],
      ["packets", 10_101, "10.0.0.1:40001 > 10.0.0.2:4789 udp"],
      ["packets", 10_101, expect.stringMatching(/^last seen on node2 eth2 \(in\), dropped by/)],
      ["test", 11_000, "the test failed; evidence is taken"],
      ["test", 11_500, "what the test made is removed"],
      ["test", 12_000, "the test ended"],
    ]);
  });

  test("have a lane for each host, also for one that is called like another lane", () => {
    const hosts = [
      { name: "engine", isExternal: false },
      { name: "external", isExternal: true },
    ];
    const lanes = lanesOf({ hosts, isRecorded: false });
    expect(lanes.map(({ id }) => id)).toEqual([
      "host engine",
      "host external",
      "engine",
      "plugin",
      "packets",
    ]);
    expect(lanes.map(({ title, empty }) => `${title}: ${empty}`).slice(1, 4)).toEqual([
      "outside: external: nothing ran",
      "engine: no call, no line",
      "plugin protocol: not recorded",
    ]);
  });
});

describe("the page of a trace", () => {
  const page = renderTrace(exampleTrace(), path);

  test("says what failed, where it was lost, the confirmed line, and what explains the rule", () => {
    expect(page).toContain("M4 on mine@26.1: failed");
    expect(page).toContain("expected an answer to ping, got 0 of 1 answered");
    expect(page).toContain("On its way: last seen on node2 eth2 (in), dropped by inet filter input");
    expect(page).toContain("node1$ ping -c1 10.1.2.2  # confirmed 3/3");
    expect(page).toMatch(/<code>(npm run explain --|npx netconform explain) M4<\/code>/);
  });

  test("tells of each clock how far it was from that of the run", () => {
    expect(page).toContain("node1: no difference to the clock of the run was measured (±5.0 ms)");
    expect(page).toContain("node2: 1500 ms behind (±5.0 ms), which is taken off");
    expect(page).toContain("external: its clock was not told");
  });

  test("leads to the files beside it, and to nothing else but the source of the rule", () => {
    const links = [...page.matchAll(/ href="([^"#][^"]*)"/g)].map(([, href]) => href);
    expect(links.filter((href) => !/^(https:|data:)/.test(href ?? ""))).toEqual([
      "node1-state.txt",
      "trace.json",
    ]);
    expect(page).not.toContain("<script");
    expect(page).toContain("default-src 'none'");
  });

  test("leads from each thing in the picture to its line", () => {
    const marks = [...page.matchAll(/<a href="#(e\d+)" tabindex="-1">/g)].map(([, id]) => id);
    expect(marks).toHaveLength(7);
    for (const id of marks) expect(page).toContain(`<li id="${id}"`);
  });

  test("says that nothing was looked at where that is so", () => {
    const bare = exampleTrace({ hosts: [], commands: [], exchanges: [], log: [], packets: [], states: [] });
    const { changes, ...rest } = bare;
    const said = renderTrace({ ...rest, isRecorded: false }, path);
    expect(changes).toBeDefined();
    expect(said).toContain("No node was looked at.");
    expect(said).toContain("not recorded");
  });
});

test("no text of a plugin, a host or a command becomes markup", () => {
  const texts = new HostileTexts();
  const [command, call] = exampleTrace().commands;
  const [exchange] = exampleTrace().exchanges;
  const [packet] = exampleTrace().packets;
  if (!command || !call || !exchange || !packet) throw new Error("the example has one of each");
  const page = renderTrace(
    exampleTrace({
      requirement: "M4",
      test: texts.at("test"),
      driver: texts.at("driver"),
      engine: texts.at("engine"),
      chapter: texts.at("chapter"),
      reason: texts.at("reason"),
      byHand: [{ line: texts.at("by hand"), confirmed: texts.at("confirmed") }],
      hops: [texts.at("hop")],
      hosts: [{ name: texts.at("host"), isExternal: true, clock: { aheadMs: 0, withinMs: 1 } }],
      commands: [
        { ...command, line: texts.at("command"), output: texts.at("output"), host: "node1" },
        { ...call, line: texts.at("call"), output: texts.at("answer of the engine") },
      ],
      exchanges: [
        {
          ...exchange,
          ...{ caller: texts.at("caller"), call: texts.at("method"), request: texts.at("request") },
          ...{ answer: texts.at("answer"), injected: texts.at("injected") },
        },
      ],
      log: [{ host: texts.at("log host"), of: texts.at("log"), at: traceBegin, text: texts.at("line") }],
      packets: [{ ...packet, place: texts.at("place"), link: texts.at("link"), text: texts.at("packet") }],
      changes: [
        { host: texts.at("changed host"), kind: texts.at("kind"), isThere: false, thing: texts.at("thing") },
      ],
      states: [
        {
          host: texts.at("state"),
          name: texts.at("look"),
          command: texts.at("asked"),
          text: texts.at("told"),
        },
      ],
      leftOut: [texts.at("left out")],
      files: [texts.at("file").replaceAll(/[/\0]/g, "-")],
    }),
    path,
  );
  texts.expectEscaped(page, "file");
});

describe("a page has room", () => {
  test("for 2 MB, whatever there is to tell, and says what is not on it and where that is", {
    timeout: 60_000,
  }, () => {
    const long = "<&\"'>".repeat(600);
    const [command] = exampleTrace().commands;
    if (!command) throw new Error("the example has a command");
    const commands = Array.from({ length: 150 }, (_, index) => ({
      ...command,
      ...{ output: long, startedAt: traceBegin + index },
    }));
    const states = Array.from({ length: 40 }, () => ({
      ...{ host: "node1", name: "routes", command: "ip route", text: long },
    }));
    const page = renderTrace(exampleTrace({ commands, states, reason: `first\n${long}` }), path);
    expect(Buffer.byteLength(page)).toBeLessThanOrEqual(pageLimit);
    expect(page).toContain("first");
    expect(page).toContain("the test ended");
    expect(page).toMatch(/of each text what comes after \d+ characters: evidence.*trace\.json/);
  });

  test("for all of what a real failure is", () => {
    const trace = traceSchema.parse(JSON.parse(readFileSync(recorded, "utf8")));
    const page = renderTrace(trace, path);
    expect(page).not.toMatch(/earlier events?, for want of room/);
    expect(Buffer.byteLength(page)).toBeLessThan(pageLimit / 4);
  });
});

test("a real failure tells each lane, and where the packet was lost", () => {
  const trace = traceSchema.parse(JSON.parse(readFileSync(recorded, "utf8")));
  const lanes = new Set(eventsOf(trace).map(({ lane }) => lane));
  expect([...lanes].sort()).toEqual(["engine", "host node1", "host node2", "packets", "test"]);
  const page = renderTrace(trace, path);
  expect(page).toMatch(/On its way: last seen on node\d eth2 \(in\), dropped by inet fault_\S+ judge/);
  expect(page).toMatch(/reproduce|ping -c1 -W1 \S+ {2}# confirmed 3\/3/);
});
