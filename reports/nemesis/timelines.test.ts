import { describe, expect, test } from "vitest";
import type { History } from "#harness/oracle/nemesis/history.ts";
import { HostileTexts } from "#harness/testing/support/hostile.ts";
import { renderTimelines } from "./timelines.ts";

const begin = Date.UTC(2026, 0, 1);

/** A play in which a wire was cut for two seconds, and healed. */
function exampleHistory(more: Partial<History> = {}): History {
  return {
    seed: 7,
    driver: "mine",
    nodes: { near: "node1", far: "node2" },
    schedule: {
      disturbances: [{ what: { kind: "cut", wire: "data", node: "far" }, from: 0, to: 1 }],
      changes: [{ change: "start near", at: 0 }],
    },
    events: [
      {
        ...{ lane: "far", at: begin, durationMs: 2_000, what: "the data wire of far is cut" },
        ...{ came: "disturbed", details: "0 of 3 echo requests answered" },
      },
      {
        ...{ lane: "changes", at: begin + 500, durationMs: 900 },
        ...{ what: "a container is started on near", came: "refused" },
      },
      {
        ...{ lane: "looks", at: begin + 2_000, durationMs: 400 },
        ...{ what: "everything is right again", came: "right" },
      },
    ],
    healedMs: 400,
    findings: [],
    ...more,
  };
}

describe("the page of plays", () => {
  const finding = {
    checker: "names",
    who: "c asking for d",
    expected: "10.1.2.4",
    got: "no address",
  } as const;
  const { healedMs: _, ...unhealed } = exampleHistory({ seed: 8, findings: [finding] });
  const page = renderTimelines("Nemesis on mine", [exampleHistory(), unhealed]);

  test("has the lanes of each play on one clock, with the schedule as steps", () => {
    const lanes = [...page.matchAll(/<span class="lane">([^<]+) </g)].map(([, lane]) => lane);
    const own = ["near: node1", "far: node2", "plugin", "changes", "looks"];
    expect(lanes).toEqual([...own, ...own]);
    expect(page).toContain("<li>no longer: the data wire of far is cut</li>");
    expect(page).toContain("+0.500 s a container is started on near: refused");
  });

  test("says of each whether it healed, and what was wrong", () => {
    expect(page).toContain("2 plays, 1 of them not healed");
    expect(page).toContain("healed</span> right 0.4 s after the last disturbance");
    expect(page).toContain("1 finding</span>");
    expect(page).toContain("names: c asking for d: expected 10.1.2.4, got no address");
  });

  test("leads from each thing in a picture to a line of its own", () => {
    const marks = [...page.matchAll(/<a href="#(e\d+)" tabindex="-1">/g)].map(([, id]) => id);
    const rows = [...page.matchAll(/<li id="(e\d+)"/g)].map(([, id]) => id);
    expect(marks).toHaveLength(6);
    expect(new Set(rows).size).toBe(rows.length);
    expect(rows).toEqual(expect.arrayContaining(marks));
  });

  test("needs no script, and takes the width of the screen", () => {
    expect(page).not.toContain("<script");
    expect(page).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(page).toMatch(/@media \(max-width: 40rem\) \{\s*\.strips li/);
  });
});

test("a play of which nothing came says so", () => {
  const { healedMs: _, ...broken } = exampleHistory({ events: [] });
  const page = renderTimelines("Nemesis on mine", [broken]);
  expect(page).toContain("not played to its end");
  expect(page).toContain("Nothing was done.");
  expect(renderTimelines("Nemesis on mine", [])).toContain("0 plays");
});

test("no text of a host or a plugin becomes markup", () => {
  const texts = new HostileTexts();
  const { healedMs: _, ...history } = exampleHistory();
  const page = renderTimelines(texts.at("title"), [
    {
      ...history,
      nodes: { near: texts.at("near"), far: texts.at("far") },
      events: history.events.map((event, index) => ({
        ...{ ...event, what: texts.at(`event ${index}`), details: texts.at(`details ${index}`) },
      })),
      findings: [
        { checker: "names", who: texts.at("who"), expected: texts.at("expected"), got: texts.at("got") },
      ],
    },
  ]);
  texts.expectEscaped(page);
});
