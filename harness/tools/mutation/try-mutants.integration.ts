import { expect, test } from "vitest";
import { scoreOf } from "./mutant.ts";
import { tryMutants } from "./try-mutants.ts";

test("the bound that a test leaves out is the one change that survives", async () => {
  const file = "harness/tools/mutation/fixtures/half-tested.ts";
  const mutants = await tryMutants([file]);
  const survivors = mutants.filter(({ fate }) => fate !== "killed");
  expect(survivors).toEqual([
    {
      ...{ file, line: 3, kind: "EqualityOperator", fate: "alive" },
      code: "return tag > 0 && tag < 4095;",
      replacement: "tag <= 4095",
    },
  ]);
  expect(scoreOf(mutants)).toMatchObject({ alive: 1, untested: 0, killed: mutants.length - 1 });
});
