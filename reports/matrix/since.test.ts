import { expect, test } from "vitest";
import { exampleCell } from "#harness/testing/support/examples/matrix.ts";
import { breakagesOf } from "./since.ts";

const passed = { outcome: "passed" } as const;
const failed = { outcome: "failed", reason: "no answer" } as const;
const blocked = { outcome: "blocked", reason: "no such feature" } as const;

test("says since which version a requirement is red, by the versions and not by the order of cells", () => {
  const cells = [
    exampleCell("overlay@28.5", { M4: failed, M3: passed, B1: failed }),
    exampleCell("overlay@9.1", { M4: passed, M3: failed, B1: failed }),
    exampleCell("overlay@26.1", { M4: failed, M3: passed, B1: { outcome: "error", reason: "gone" } }),
  ];
  expect(breakagesOf(cells)).toMatchObject([
    { driver: "overlay", requirement: "M4", since: "26.1", holds: "9.1", until: "28.5", variant: "" },
    { driver: "overlay", requirement: "B1", since: "9.1", holds: undefined, until: "28.5" },
  ]);
});

test("what was not judged on a version is passed over, and one judgement alone tells nothing", () => {
  const cells = [
    exampleCell("overlay@20.10", { M4: passed }),
    exampleCell("overlay@26.1", { M4: blocked, M8: blocked }),
    exampleCell("overlay@28.5", { M4: failed, M8: failed }),
    exampleCell("overlay@29.7.2", { M4: blocked }),
  ];
  expect(breakagesOf(cells)).toMatchObject([
    { requirement: "M4", since: "28.5", holds: "20.10", until: "28.5" },
  ]);
});

test("drivers, firewalls and flags have lines of their own, and mixed clusters none", () => {
  const cells = [
    exampleCell("bridge@26.1", { M4: passed }),
    exampleCell("overlay@28.5", { M4: failed }),
    exampleCell("overlay@26.1+legacy", { M4: passed }),
    exampleCell("overlay@28.5+legacy", { M4: failed }),
    exampleCell("overlay@26.1[icc=false]", { M4: passed }),
    exampleCell("overlay@28.5[icc=false]", { M4: failed }),
    exampleCell("overlay@20.10", { M4: passed }, { engine: "20.10+28.5" }),
  ];
  expect(breakagesOf(cells)).toMatchObject([
    { driver: "overlay", variant: "legacy", since: "28.5" },
    { driver: "overlay", variant: "[icc=false]", since: "28.5" },
  ]);
});
