import type { Change } from "./schema.ts";

/** From what wants a person at once to what is only worth knowing. */
const order: readonly Change["kind"][] = ["broke", "fixed", "outcome", "message", "fact"];

/** The same change in several cells, told once. */
export interface GroupedChange extends Omit<Change, "cell" | "against"> {
  cells: string[];
}

/** Changes by weight; those that read the same are put together. */
export function groupChanges(changes: readonly Change[]): GroupedChange[] {
  const groups = new Map<string, GroupedChange>();
  for (const { cell, against: _, ...change } of changes) {
    const { kind, requirement, what, before, after, since } = change;
    const key = JSON.stringify([kind, requirement, what, before, after, since]);
    const group = groups.get(key) ?? { ...change, cells: [] };
    group.cells.push(cell);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

/** `2 broke, 1 fixed, 4 facts changed` */
export function counted(changes: readonly Change[]): string {
  const words: Record<Change["kind"], string> = {
    broke: "broke",
    fixed: "fixed",
    outcome: "changed the outcome",
    message: "changed the message",
    fact: "facts changed",
  };
  const parts = Object.entries(words).flatMap(([kind, word]) => {
    const count = changes.filter((change) => change.kind === kind).length;
    return count === 0 ? [] : [`${count} ${count === 1 && kind === "fact" ? "fact changed" : word}`];
  });
  return parts.join(", ") || "nothing changed";
}
