import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { exampleCell, exampleMatrix } from "#harness/testing/support/examples/matrix.ts";
import { isRequirementId, requirementOf } from "#suites/requirements/catalogue.ts";
import { driversDocument } from "./drivers-document.ts";
import { driversTable } from "./drivers-table.ts";

test("the table says of every rule, driver and engine whether it holds, and what is red once", () => {
  const failed = (id: string) => ({ outcome: "failed", reason: `c-${id}: no answer` }) as const;
  const matrix = exampleMatrix([
    exampleCell("bridge@26.1", { M4: { outcome: "passed" }, V3: { outcome: "unsupported" } }),
    exampleCell("overlay@26.1", { M4: failed("16f251a1"), V3: { outcome: "blocked", reason: "no 802.1Q" } }),
    exampleCell("overlay@28.5", {
      M4: failed("99aa00bb"),
      V3: { outcome: "passed" },
      R4: { outcome: "engine at fault", reason: "no call" },
    }),
  ]);
  const upstream = "https://example.org/1";
  matrix.known = [{ cell: "overlay@28.5", requirement: "M4", says: "no answer", upstream, state: "seen" }];
  const text = driversTable(matrix, "npm run x");
  expect(text).toMatch(/^Made by `npm run x`; 2026-11-20, Linux /);
  expect(text).toMatch(/\| M4 +\| MUST +\| .* \| ✓ +\| \*\*✗\*\* +\| \*\*✗\*\* +\|/);
  expect(text).toMatch(/\| V3 +\| MUST +\| .* \| +\| b +\| ✓ +\|/);
  expect(text).toContain(`- **M4**, overlay@26.1, overlay@28.5: c-\\<id\\>: no answer (<${upstream}>)`);
  expect(text).toContain("needs · E the engine's fault, not the driver's · blank: does not apply.");
  expect(text).toMatch(/\| R4 +\| MUST +\| .* \| +\| +\| E +\|/);
  expect(text).toContain("### What is the engine's fault\n\n- **R4**, overlay@28.5: no call");
  expect(text).toContain("### What could not be judged\n\n- **V3**, overlay@26.1: no 802.1Q");
});

test("the published table has the rules and levels of today's catalogue", () => {
  const text = readFileSync(join(projectRoot, driversDocument), "utf8");
  const rows = [...text.matchAll(/^\| ([A-Z]+\d+[a-z]?) +\| (MUST|SHOULD|MAY) +\| (.*?) +\|/gm)];
  expect(rows.length).toBeGreaterThan(100);
  for (const [, id = "", level, title] of rows) {
    expect(isRequirementId(id) && [requirementOf(id).level, requirementOf(id).title], id).toEqual([
      level,
      title,
    ]);
  }
});
