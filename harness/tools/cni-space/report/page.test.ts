import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import type { Verdict } from "#harness/tools/cni-space/walk/rows.ts";
import type { Walked } from "#harness/tools/cni-space/walk/walk.ts";
import { formatPage } from "./page.ts";

const passed: Verdict = { outcome: "passed", reasons: [] };
const failed = (reason: string): Verdict => ({ outcome: "failed", reasons: [reason] });
const origin = { command: "npm run cni-space", facts: ["today"], generations: { "1.1.1": "an old one" } };
const walked: Walked[] = [
  {
    ...{ name: "bandwidth-01", plugin: "bandwidth", choices: { family: "IPv6", rates: "none" }, steps: [] },
    verdicts: { "CNI-1": passed, "CNI-2c": failed("CHECK of bandwidth: a Go panic: |nil|") },
  },
  {
    ...{ name: "bandwidth-02", plugin: "bandwidth", choices: { family: "IPv4", rates: "both" }, steps: [] },
    verdicts: {
      "CNI-1": failed("ADD of bandwidth: exit 1"),
      "CNI-2c": { outcome: "not run", reasons: ["ADD fails"] },
    },
  },
];
const untried = [{ plugin: "vrf", option: "", value: "", why: "this machine's kernel has no vrf devices" }];
const page = formatPage([{ generation: "1.1.1", folder: "/plugins", walked, untried }], origin);

describe("the page", () => {
  test("has a line for each configuration; what was not run is not passed", () => {
    expect(page).toMatch(/\| bandwidth-01 \| family: IPv6; rates: none \| ✓ +\| ✗ +\|/);
    expect(page).toMatch(/\| bandwidth-02 \| family: IPv4; rates: both \| \*\*✗\*\* +\| \? +\|/);
    expect(page).toMatch(/\| 1.1.1 +\| bandwidth \| 2 +\| 0 +\| 1 +\| 2 +\| 1 +\|/);
  });

  test("says what is red, and with which values", () => {
    expect(page).toContain("- bandwidth 1.1.1 (bandwidth-01): CHECK of bandwidth: a Go panic: \\|nil\\|");
    expect(page).toContain("(bandwidth-02, all that have family: IPv4)");
    expect(page.indexOf("**CNI-1**, MUST")).toBeLessThan(page.indexOf("**CNI-2c**, SHOULD"));
  });

  test("has the known bugs that were seen, and no others", () => {
    expect(page).toContain("[#1221](https://github.com/containernetworking/plugins/issues/1221)");
    expect(page).not.toContain("#885");
  });

  test("says what was not tried, and why", () => {
    expect(page).toContain("- vrf: this machine's kernel has no vrf devices");
  });
});

test("the page of Debian's plugins has more than sixty configurations of each generation, and ten known bugs", () => {
  const text = readFileSync(join(projectRoot, "docs/cni-configurations.md"), "utf8");
  const generations = text.split(/^### (?=bridge )/m).slice(1);
  expect(generations).toHaveLength(2);
  for (const tables of generations) {
    expect(tables.match(/^\| [\w-]+-\d\d +\|/gm)?.length).toBeGreaterThan(60);
    for (const family of ["IPv4", "IPv6", "dual stack"]) expect(tables).toContain(`family: ${family}`);
  }
  expect(
    text.match(/^\| \[#?[\da-f]+\]\(https:\/\/github\.com\/containernetworking\/plugins\//gm)?.length,
  ).toBeGreaterThanOrEqual(10);
});
