import { readFileSync } from "node:fs";

/**
 * How many memory groups (cgroups) the kernel has, those included that ended and that its caches hold. `undefined` where it does not say.
 * `table` is the text of /proc/cgroups. Source: cgroups(7).
 */
export function memoryGroups(table = readTable()): number | undefined {
  const [, , count] = /^memory\s+(\d+)\s+(\d+)/m.exec(table) ?? [];
  return count === undefined ? undefined : Number(count);
}

function readTable(): string {
  try {
    return readFileSync("/proc/cgroups", "utf8");
  } catch {
    return "";
  }
}
