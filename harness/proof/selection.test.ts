import { expect, it } from "vitest";
import { UsageError } from "#harness/core/errors.ts";
import { isOfTier, type Tier, tiers } from "./fault.ts";
import { faults } from "./faults/all.ts";
import { chooseFaults } from "./selection.ts";

it("takes everything, and one tier alone", () => {
  const all = chooseFaults({ tiers, onDemand: true });
  expect(all).toEqual(faults);
  const of = (tier: Tier) => all.filter(({ on }) => on.tier === tier);
  expect(tiers.map((tier) => of(tier).length > 0)).toEqual([true, true, true]);
  expect(chooseFaults({ tiers: ["cnm"] })).toEqual(of("cnm"));
});

it("takes the faults of some drivers alone", () => {
  const drivers = chooseFaults({ tiers, only: ["bridge"] }).flatMap((fault) =>
    isOfTier(fault, "chapters") ? [fault.on.driver] : [],
  );
  expect(new Set(drivers)).toEqual(new Set(["bridge"]));
});

it("leaves those of a chapter that runs on demand alone out, unless they are asked for by name", () => {
  const chaptersOf = (list: ReturnType<typeof chooseFaults>) =>
    list.flatMap((fault) => (isOfTier(fault, "chapters") ? [fault.on.chapter] : []));
  const usual = chooseFaults({ tiers });
  expect(usual.length).toBeGreaterThan(200);
  expect(chaptersOf(usual)).not.toContain("disorder");
  expect(chaptersOf(chooseFaults({ tiers, names: ["ports-in-pairs"] }))).toEqual(["disorder"]);
});

it("names who is unknown, and says when nothing is left", () => {
  expect(() => chooseFaults({ tiers, names: ["nonesuch"] })).toThrow("nonesuch");
  expect(() => chooseFaults({ tiers: ["cni"], only: [] })).not.toThrow();
  expect(() => chooseFaults({ tiers: ["chapters"], only: ["mine"] })).toThrow(
    new UsageError("no fault is left: DRIVER=mine in chapters"),
  );
});

it("refuses names that the drivers or the tiers leave out, says of which place each is, and takes the others alone", () => {
  const names = ["vxlan-dropped", "names-of-own-node-only"];
  expect(() => chooseFaults({ tiers, names, only: ["reference"] })).toThrow(
    "--only with DRIVER=reference: vxlan-dropped is of overlay multihost",
  );
  expect(() => chooseFaults({ tiers: ["cnm", "cni"], names })).toThrow(
    /^--only with --tier cnm cni: vxlan-dropped is of overlay multihost, names-of-own-node-only is of /,
  );
  const chosen = chooseFaults({ tiers, names, only: ["reference", "overlay"] });
  expect(chosen.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
});
