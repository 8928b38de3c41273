import { expect, test } from "vitest";
import { exampleCell, exampleMatrix } from "#harness/testing/support/examples/matrix.ts";
import type { Cell, PastRun } from "#reports/matrix/schema.ts";
import { driftBetweenEngines, driftOverNights } from "./drift.ts";
import { pastRunOf } from "./history.ts";
import { essenceOf } from "./view.ts";

const passed = { outcome: "passed" } as const;
const failed = {
  outcome: "failed",
  reason: "c-16f251a1: expected an answer, got none after 10000 ms",
} as const;

/** Nights in which one cell showed these results, the first on the 1st of November. */
function nights(...cells: Cell[]): PastRun[] {
  return cells.map((cell, index) =>
    pastRunOf(exampleMatrix([cell], { at: `2026-11-0${index + 1}T02:00:00.000Z` })),
  );
}

const overlay = (results: Parameters<typeof exampleCell>[1], more: Partial<Cell> = {}) =>
  exampleCell("overlay@26.1", results, more);

test("what passed and now fails broke, told against the last green run, with the night it began", () => {
  const history = nights(overlay({ M4: passed }), overlay({ M4: passed }), overlay({ M4: failed }));
  const { changes, compared } = driftOverNights([overlay({ M4: failed })], history);
  expect(compared).toEqual([{ cell: "overlay@26.1", against: "2026-11-02T02:00:00.000Z" }]);
  expect(changes).toMatchObject([
    { kind: "broke", requirement: "M4", before: "passed", since: "2026-11-03T02:00:00.000Z" },
  ]);
});

test("a requirement that fails for the first time has no night since when", () => {
  const { changes } = driftOverNights([overlay({ M4: failed })], nights(overlay({ M4: passed })));
  expect(changes).toHaveLength(1);
  expect(changes[0]).not.toHaveProperty("since");
});

test("what failed in the last run and passes now is fixed, once", () => {
  const history = nights(overlay({ M4: passed }), overlay({ M4: failed }));
  const { changes } = driftOverNights([overlay({ M4: passed })], history);
  expect(changes).toMatchObject([{ kind: "fixed", requirement: "M4", against: "2026-11-02T02:00:00.000Z" }]);
  expect(driftOverNights([overlay({ M4: passed })], nights(overlay({ M4: passed }))).changes).toEqual([]);
});

test("numbers and messages are told when they change, ids and times are not", () => {
  const before = overlay({ M4: failed, M8: { ...passed, facts: { MTU: 1450, "rule form": "nft" } } });
  const same = overlay({
    M4: { ...failed, reason: "c-99aa00bb: expected an answer, got none after 10042 ms" },
    M8: { ...passed, facts: { MTU: 1450, "rule form": "nft" } },
  });
  expect(driftOverNights([same], nights(before)).changes).toEqual([]);
  const other = overlay({
    M4: { ...failed, reason: "c-99aa00bb: expected an answer, got a refusal" },
    M8: { ...passed, facts: { MTU: 1400, "rule form": "nft" } },
  });
  expect(driftOverNights([other], nights(before)).changes).toMatchObject([
    { kind: "message", requirement: "M4" },
    { kind: "fact", requirement: "M8", what: "MTU", before: "1450", after: "1400" },
  ]);
});

test.for([
  [
    "c-7eabe06b to c-c5bfcabd (udp 10.1.2.2:38610): dropped after 10000 ms",
    "c-<id> to c-<id> (udp <address>:<port>): dropped after <time>",
  ],
  ["2 arrived, the first at 2026-11-27T10:01:20.355Z", "2 arrived, the first at <time>"],
  ["node1:9099 answered 3 of 5\nby hand: ping", "node1:9099 answered 3 of 5"],
  ["-A POSTROUTING -s 172.17.0.0/16 ! -o br-2d2fd199d11d", "-A POSTROUTING -s <address>/16 ! -o br-<id>"],
])("of %j stays what is the same the next time", ([text, essence]) => {
  expect(essenceOf(text ?? "")).toBe(essence);
});

test("a reason that the history has dropped is no other reason", () => {
  const [past] = nights(overlay({ M4: passed, V3: { outcome: "unsupported", reason: "undeclared" } }));
  for (const cell of Object.values(past?.cells ?? {})) delete cell.reasons;
  const now = overlay({ M4: passed, V3: { outcome: "unsupported", reason: "undeclared" } });
  expect(driftOverNights([now], past ? [past] : []).changes).toEqual([]);
});

test("what was not selected, and a run that was cut short, are compared with nothing", () => {
  const cut = overlay({ M4: passed }, { state: "incomplete", because: "it was killed" });
  expect(driftOverNights([overlay({ M4: failed })], nights(cut)).compared).toEqual([]);
  const some = overlay({ M3: passed, M4: { outcome: "not run" } });
  expect(driftOverNights([overlay({ M3: passed, M4: failed })], nights(some)).changes).toEqual([]);
});

test("two engines are compared driver by driver, firewall by firewall", () => {
  const cells = [
    exampleCell("overlay@20.10", { M8: { ...passed, facts: { MTU: 1450 } }, M4: passed }),
    exampleCell("overlay@28.5", {
      M8: { ...passed, facts: { MTU: 1400 } },
      M4: { outcome: "blocked", reason: "no" },
    }),
    exampleCell("overlay@28.5+legacy", { M8: passed }),
    exampleCell("bridge@28.5", { M4: passed }),
  ];
  const { compared, changes } = driftBetweenEngines(cells, "20.10", "28.5");
  expect(compared).toEqual([{ cell: "overlay@28.5", against: "overlay@20.10" }]);
  expect(changes).toMatchObject([
    { kind: "fact", requirement: "M8", before: "1450", after: "1400" },
    { kind: "outcome", requirement: "M4", before: "passed", after: "blocked: no" },
  ]);
});

test("what another run has differently by nature is told by no drift", () => {
  const night = (facts: Record<string, number>) => overlay({ M8: { ...passed, facts } });
  const [one, other] = [
    {
      "first tenth ms": 1_020,
      "packets sent meanwhile": 13_350,
      "plugin: controls, longest gap ms": 4,
    },
    {
      "first tenth ms": 1_910,
      "packets sent meanwhile": 9_100,
      "plugin: controls, longest gap ms": 90,
    },
  ];
  expect(driftOverNights([night(other)], nights(night(one))).changes).toEqual([]);
  const counted = driftOverNights(
    [night({ ...other, cycles: 200 })],
    nights(night({ ...one, cycles: 2_000 })),
  );
  expect(counted.changes).toMatchObject([{ kind: "fact", what: "cycles" }]);
});

test("a p99 of fewer than a hundred samples is the longest one, and no drift; its p50 is", () => {
  const night = (ms: number, samples: number) =>
    overlay({
      M8: { ...passed, facts: { "policy p50 ms": ms, "policy p99 ms": ms, "policy samples": samples } },
    });
  const told = (samples: number) =>
    driftOverNights([night(400, samples)], nights(night(100, samples + 1))).changes.map(({ what }) => what);
  expect(told(99)).toEqual(["policy p50 ms"]);
  expect(told(100)).toEqual(["policy p50 ms", "policy p99 ms"]);
});

test("a time that was measured is told, with the factor, when it differs by half and by 20 ms, and not before", () => {
  const night = (ms: number) =>
    overlay({ M8: { ...passed, facts: { "policy p99 ms": ms, "policy samples": 100 } } });
  const told = (before: number, after: number) =>
    driftOverNights([night(after)], nights(night(before))).changes.map(
      ({ what, after }) => `${what} ${after}`,
    );
  expect(told(100, 140)).toEqual([]);
  expect(told(10, 29)).toEqual([]);
  expect(told(100, 150)).toEqual(["policy p99 ms 150 (× 1.5)"]);
  expect(told(150, 100)).toEqual(["policy p99 ms 100 (× 0.67)"]);
  expect(told(0, 1213)).toEqual(["policy p99 ms 1213"]);
});
