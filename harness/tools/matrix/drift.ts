import type { Outcome } from "#harness/conformance/outcome.ts";
import type { Cell, Change, Drift, PastRun } from "#reports/matrix/schema.ts";
import { type CellView, isGreenView, isRed, pastViewOf, viewOf } from "./view.ts";

/**
 * What differs from earlier runs, cell by cell. What broke and what changed is told against the last run in which the
 * cell was green (or, if it never was, the last one that ran to its end); what was fixed, against the last run.
 * `history` is in the order of time.
 */
export function driftOverNights(cells: readonly Cell[], history: readonly PastRun[]): Drift {
  const drift: Drift = { between: "nights", compared: [], changes: [] };
  for (const cell of cells) {
    const after = viewOf(cell);
    const nights = history.flatMap(({ at, cells: { [cell.name]: past } }) =>
      past?.complete ? [{ at, view: pastViewOf(past) }] : [],
    );
    const last = nights.at(-1);
    if (!after || !last) continue;
    const reference = nights.findLast(({ view }) => isGreenView(view)) ?? last;
    drift.compared.push({ cell: cell.name, against: reference.at });
    for (const change of compare(reference.view, after)) {
      if (change.kind === "fixed") continue;
      const told: Change = { ...change, cell: cell.name, against: reference.at };
      if (change.kind === "broke") {
        const broken = nights.slice(nights.indexOf(reference) + 1).map(({ at, view }) => {
          return { at, red: isRed(view.outcomes[change.requirement] ?? "not run") };
        });
        const begin = broken.slice(broken.findLastIndex(({ red }) => !red) + 1)[0];
        if (begin) told.since = begin.at;
      }
      drift.changes.push(told);
    }
    for (const change of compare(last.view, after)) {
      if (change.kind === "fixed") drift.changes.push({ ...change, cell: cell.name, against: last.at });
    }
  }
  return drift;
}

/** What differs between two engine versions of one run: each driver and firewall on `to` against the same on `from`. */
export function driftBetweenEngines(cells: readonly Cell[], from: string, to: string): Drift {
  const drift: Drift = { between: `${from} ${to}`, compared: [], changes: [] };
  for (const cell of cells.filter(({ engine }) => engine === to)) {
    const other = cells.find(
      ({ engine, driver, firewall }) =>
        engine === from && driver === cell.driver && firewall === cell.firewall,
    );
    const before = other && viewOf(other);
    const after = viewOf(cell);
    if (!before || !after) continue;
    drift.compared.push({ cell: cell.name, against: other.name });
    for (const change of compare(before, after)) {
      drift.changes.push({ ...change, cell: cell.name, against: other.name });
    }
  }
  return drift;
}

type Difference = Pick<Change, "kind" | "requirement" | "before" | "after" | "what">;

/** What both views show and show differently. What one of them did not run is no difference. */
export function compare(before: CellView, after: CellView): Difference[] {
  return Object.keys(after.outcomes).flatMap((requirement) => {
    const was = before.outcomes[requirement] ?? "not run";
    const is = after.outcomes[requirement] ?? "not run";
    if (was === "not run" || is === "not run") return [];
    const said = [before, after].map(({ reasons }) => reasons[requirement] ?? "");
    const differences: Difference[] = [];
    const told = (outcome: Outcome, reason = "") => (reason === "" ? outcome : `${outcome}: ${reason}`);
    const pair = { requirement, before: told(was, said[0]), after: told(is, said[1]) };
    if (isRed(is) !== isRed(was)) {
      if (isRed(is)) differences.push({ kind: "broke", ...pair });
      else differences.push({ kind: is === "passed" ? "fixed" : "outcome", ...pair });
    } else if (was !== is) {
      differences.push({ kind: "outcome", ...pair });
    } else if (said.every((text) => text !== "") && said[0] !== said[1]) {
      differences.push({ kind: "message", ...pair });
    }
    const facts = before.facts[requirement] ?? {};
    for (const [what, value] of Object.entries(after.facts[requirement] ?? {})) {
      const old = facts[what];
      if (old === undefined || old === value || isSameTime(what, old, value)) continue;
      const after = `${value}${timesAsLong(what, old, value)}`;
      differences.push({ kind: "fact", requirement, what, before: String(old), after });
    }
    return differences;
  });
}

/** A time that is measured differs from night to night. By less than half, or than so many milliseconds, it is the same. */
const timesDifferMs = 20;

/** Whether a fact is a time in milliseconds, by its name. */
function isTime(what: string, value: unknown): value is number {
  return / ms$/.test(what) && typeof value === "number";
}

/** ` (× 1.5)` of a time; nothing of what is none, or where it was none before. */
function timesAsLong(what: string, before: unknown, after: unknown): string {
  if (!isTime(what, before) || !isTime(what, after) || before === 0) return "";
  return ` (× ${Number((after / before).toPrecision(2))})`;
}

/** Whether a fact is a time that is the same as before for all that can be told. */
function isSameTime(what: string, before: unknown, after: unknown): boolean {
  if (!isTime(what, before) || !isTime(what, after)) return false;
  const [less, more] = [Math.min(before, after), Math.max(before, after)];
  return more - less < timesDifferMs || more < 1.5 * less;
}
