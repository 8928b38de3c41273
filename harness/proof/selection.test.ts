import { expect, it } from "vitest";
import { UsageError } from "#harness/core/errors.ts";
import { type WorkloadRuntimeName, workloadRuntimes } from "#harness/core/settings/schema.ts";
import { describeMissedPlace, isOfTier, runtimeOf, type Tier, tiers } from "./fault.ts";
import { faults } from "./faults/all.ts";
import { findFault, findOwnDefect } from "./inject.ts";
import { chooseFaults, namesIn, refuseRepeated, refuseUntouched } from "./selection.ts";

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

it("takes the faults of one runtime alone, and refuses names of another's", () => {
  const through = (runtime: WorkloadRuntimeName) =>
    chooseFaults({ tiers: ["chapters"], onDemand: true, runtime }).flatMap((fault) =>
      isOfTier(fault, "chapters") ? [runtimeOf(fault.on)] : [],
    );
  for (const runtime of workloadRuntimes) expect(new Set(through(runtime))).toEqual(new Set([runtime]));
  const names = ["not-masqueraded-through-podman", "vxlan-dropped"];
  expect(() => chooseFaults({ tiers, names, runtime: "podman" })).toThrow(
    "--only with RUNTIME=podman: vxlan-dropped is of overlay multihost",
  );
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

it("takes names with commas between them", () => {
  const names = namesIn(["vxlan-dropped, names-of-own-node-only", "ports-in-pairs"]);
  expect(names).toEqual(["vxlan-dropped", "names-of-own-node-only", "ports-in-pairs"]);
  expect(() => chooseFaults({ tiers, names: namesIn(["vxlan-dropped,nonesuch"]) })).toThrow(
    /^--only nonesuch: no such fault/,
  );
});

it("refuses to repeat what is not of chapters", () => {
  const [chapters, protocol] = [chooseFaults({ tiers: ["chapters"] }), chooseFaults({ tiers: ["cnm"] })];
  expect(() => refuseRepeated(chapters)).not.toThrow();
  expect(() => refuseRepeated([...chapters, protocol[0]!])).toThrow("--tier chapters");
});

it("refuses a name that no change touches, and takes those that one touches", () => {
  const [dropped, own] = chooseFaults({ tiers, names: ["vxlan-dropped", "names-of-own-node-only"] });
  expect(() => refuseUntouched([dropped!, own!], [own!])).toThrow(
    /^--only with --changed: (?!.*,)vxlan-dropped is of overlay multihost/,
  );
  expect(() => refuseUntouched([dropped!], [])).toThrow(UsageError);
  expect(() => refuseUntouched([dropped!, own!], [own!, dropped!])).not.toThrow();
});

it("tells a few names that are near to one that no fault has, the nearest first", () => {
  for (const name of ["vxlan-droped", "names-lost", "port-of-container-not-published"]) {
    let said = "";
    try {
      chooseFaults({ tiers, names: [name] });
    } catch (error) {
      said = (error as Error).message;
    }
    const [, near = ""] = /^[^\n]*expected e\.g\. ([^\n]*)/.exec(said) ?? [];
    expect(near.split(", ").length, said).toBeLessThanOrEqual(4);
    expect(near, said).not.toBe("");
  }
  expect(() => chooseFaults({ tiers, names: ["vxlan-droped"] })).toThrow(/expected e\.g\. vxlan-dropped/);
});

it("says what a fault is made for where its driver, its engine or its chapter is not among what runs", () => {
  const fault = findFault("vxlan-dropped");
  const newer = { ...fault, on: { ...fault.on, engine: "28.5" } } as const;
  const at = (driver: string, engine: string) => ({ driver, engine });
  const chapters = ["basics", "multihost"];
  expect(describeMissedPlace("FAULT", fault, { targets: [at("overlay", "26.1")], chapters })).toBeUndefined();
  expect(describeMissedPlace("FAULT", newer, { targets: [at("overlay", "28.5")], chapters })).toBeUndefined();
  const said = (one: typeof fault | typeof newer, target: ReturnType<typeof at>, of = chapters) =>
    describeMissedPlace("FAULT", one, { targets: [at("bridge", "28.5"), target], chapters: of });
  expect(said(fault, at("macvlan", "26.1"))).toBe(
    "FAULT=vxlan-dropped is made for overlay multihost: with another driver it may change nothing",
  );
  expect(said(newer, at("overlay", "26.1"))).toBe(
    "FAULT=vxlan-dropped is made for overlay@28.5 multihost: with another engine it may change nothing",
  );
  const real = findFault("not-masqueraded-through-podman");
  const running = { targets: [at("cni-bridge-podman", "26.1")], chapters: ["external"] };
  expect(describeMissedPlace("FAULT", real, running)).toBeUndefined();
  expect(describeMissedPlace("FAULT", real, { ...running, targets: [at("cni-bridge", "26.1")] })).toBe(
    "FAULT=not-masqueraded-through-podman is made for cni-bridge-podman external: with another driver it may change nothing",
  );
  expect(said(newer, at("overlay", "26.1"), ["basics"])).toMatch(
    /: with another engine, in another chapter it may change nothing$/,
  );
});

it("tells what engines break by themselves from what is injected", () => {
  expect(() => findFault("cut-off-starts-kept")).toThrow(
    /^FAULT=cut-off-starts-kept: engines have this fault by themselves/,
  );
  expect(findOwnDefect("cut-off-starts-kept").inject.mend).toHaveProperty("engine started");
  for (const name of ["vxlan-dropped", "nosuch"]) {
    expect(() => findOwnDefect(name)).toThrow(
      `MEND=${name}: no such fault that engines have by themselves; expected cut-off-starts-kept`,
    );
  }
  const elsewhere = { targets: [{ driver: "overlay", engine: "28.5" }], chapters: ["disorder"] };
  expect(describeMissedPlace("MEND", findOwnDefect("cut-off-starts-kept"), elsewhere)).toBe(
    "MEND=cut-off-starts-kept is made for bridge@28.5 disorder: with another driver it may change nothing",
  );
});
