import type { Outcome } from "#harness/conformance/outcome.ts";
import { compareVersions } from "#harness/core/compare-versions.ts";
import type { Tone } from "#reports/page/parts.ts";
import { type Cell, firewalls } from "./schema.ts";

/** How each outcome is shown; the sign tells them apart without colour. */
export const outcomeSigns: Record<Outcome, { sign: string; tone: Tone }> = {
  passed: { sign: "✔", tone: "good" },
  failed: { sign: "✘", tone: "bad" },
  error: { sign: "!", tone: "odd" },
  "engine at fault": { sign: "⚙", tone: "warn" },
  blocked: { sign: "⊘", tone: "warn" },
  unsupported: { sign: "–", tone: "muted" },
  "not run": { sign: "·", tone: "muted" },
};

/** What a matrix came to. */
export interface MatrixCounts {
  readonly passed: number;
  /** Requirements that failed or broke, cells that broke, faults of the suite, and known reds that are gone. */
  readonly failed: number;
  /** Requirements that failed as was known; they are not in `failed`. */
  readonly known: number;
}

/** `180 passed, 0 failed`, and how many failed as was known where there are such. */
export function formatCounts({ passed, failed, known }: MatrixCounts): string {
  return `${passed} passed, ${failed} failed${known > 0 ? `, ${known} failed as is known` : ""}`;
}

/** Name of the file that tells everything about a cell, in its folder. */
export const cellPageFile = "index.html";

/** A requirement as the matrix heads its row; `level` says where it is provisional, too. */
export interface ShownRequirement {
  readonly id: string;
  readonly title: string;
  readonly profile: string;
  readonly level: string;
}

/** The requirement ids that any cell lists, in the catalogue's order, with their titles; ids that nothing ran of are left out. */
export function requirementsOf(cells: readonly Cell[]): ShownRequirement[] {
  const found = new Map<string, ShownRequirement>();
  const ran = new Set<string>();
  for (const { target } of cells) {
    for (const { requirement, title, profile, level, provisional, outcome } of target?.results ?? []) {
      found.set(requirement, {
        id: requirement,
        title,
        profile,
        level: provisional ? `${level}, provisional` : level,
      });
      if (outcome !== "not run") ran.add(requirement);
    }
  }
  return [...found.values()].filter(({ id }) => ran.has(id));
}

/** A share as `97 %`, with a decimal where a whole number would hide that it is not all or nothing. */
export function percent(share: number): string {
  const value = share * 100;
  const whole = Math.round(value);
  const hides = (whole === 100 && share < 1) || (whole === 0 && share > 0);
  return `${hides ? value.toFixed(1) : whole} %`;
}

/** `2026-11-21 20:30` in UTC, of an ISO time. */
export function formatTime(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
}

/** Versions of one driver side by side, so that a change from one to the next is seen along a row. */
export function byDriver(cells: readonly Cell[]): Cell[] {
  const drivers = [...new Set(cells.map(({ driver }) => driver))];
  return drivers.flatMap((driver) =>
    cells
      .filter((cell) => cell.driver === driver)
      .sort(
        (a, b) =>
          compareVersions(a.engine, b.engine) ||
          firewalls.indexOf(a.firewall) - firewalls.indexOf(b.firewall),
      ),
  );
}
