import { expect, it } from "vitest";
import { UsageError } from "#harness/core/errors.ts";
import { tiers } from "./proof.ts";
import { choose } from "./selection.ts";

it("takes everything, and one tier alone", () => {
  const all = choose({ tiers });
  expect([all.faults, all.cnm, all.cni].map(({ length }) => length > 0)).toEqual([true, true, true]);
  const cnm = choose({ tiers: ["cnm"] });
  expect([cnm.faults.length, cnm.cnm.length, cnm.cni.length]).toEqual([0, all.cnm.length, 0]);
});

it("takes the faults of some drivers alone", () => {
  const { faults } = choose({ tiers, only: ["bridge"] });
  expect(new Set(faults.map(({ driver }) => driver))).toEqual(new Set(["bridge"]));
});

it("names who is unknown, and says when nothing is left", () => {
  expect(() => choose({ tiers, names: ["nonesuch"] })).toThrow("nonesuch");
  expect(() => choose({ tiers: ["cnm"], names: ["vxlan-dropped"] })).toThrow(UsageError);
});
