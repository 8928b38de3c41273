import { expect, test } from "vitest";
import { exampleCell, exampleMatrix } from "#harness/testing/support/examples/matrix.ts";
import { formatUnknownFailures } from "./report.ts";

const look = { width: 100, color: false };

test("the end of a matrix tells why something failed that no list knows, and nothing of what a list does", () => {
  const matrix = exampleMatrix([
    exampleCell("overlay@26.1", { M4: { outcome: "failed", reason: "no answer" } }),
    exampleCell("overlay@28.5", {
      M4: { outcome: "failed", reason: "c-1 to c-2: expected open, got dropped\n  node1: last seen at eth0" },
      B1: { outcome: "passed" },
    }),
  ]);
  const upstream = "https://github.com/moby/moby/issues/1";
  matrix.known = [
    { cell: "overlay@26.1", requirement: "M4", says: "no answer comes", upstream, state: "seen" },
  ];
  const told = formatUnknownFailures(matrix, look);
  expect(told).toContain("What failed");
  expect(told).toContain("✘ M4 on overlay@28.5");
  expect(told).toContain("c-1 to c-2: expected open, got dropped\n        node1: last seen at eth0");
  expect(told).not.toContain("overlay@26.1");
});

test("it tells nothing where nothing failed", () => {
  const matrix = exampleMatrix([exampleCell("overlay@26.1", { M4: { outcome: "passed" } })]);
  expect(formatUnknownFailures(matrix, look)).toBe("");
});
