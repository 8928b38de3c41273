import { expect, test } from "vitest";
import { memoryGroups } from "./memory-groups.ts";

test("the memory groups are counted by the kernel, and a kernel that does not say has no count", () => {
  const table =
    "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t3\t22\t1\nmemory\t4\t3217\t1\npids\t8\t22\t1\n";
  expect(memoryGroups(table)).toBe(3217);
  expect(memoryGroups("#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t3\t22\t1\n")).toBeUndefined();
  expect(memoryGroups("")).toBeUndefined();
});
