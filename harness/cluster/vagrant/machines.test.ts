import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { nameEngines } from "#harness/cluster/engines/target-engine.ts";
import type { ClusterState } from "#harness/cluster/state.ts";
import { parseEngine } from "#harness/core/engines/grammar.ts";
import { ownIdentity } from "#harness/core/process/process.ts";
import { MachineRecords, plannedAddresses } from "./machines.ts";

const dead = "999999999:1";
let folder: string;
let records: MachineRecords;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "netconform-machines-"));
  records = new MachineRecords({ CACHE: folder });
});
afterEach(() => rmSync(folder, { recursive: true }));

function make(id: string, owner = ownIdentity()) {
  const prefixes = { management: "10.9.0", control: "10.9.1", data: "10.9.2" };
  const plan = {
    id,
    engine: nameEngines([{ ...parseEngine("26.1")[0]!, version: "26.1" }]),
    nodes: 2,
    lease: { slot: 0, prefixes },
    provider: "docker",
  } as const;
  const machines = { ...records.create(plan, { NODE_IMAGE: "node" }), owner };
  records.save(machines);
  return machines;
}

/** The state of a cluster that came up. */
function state(id: string, parts: Partial<ClusterState>): ClusterState {
  return { id, kept: false, owner: ownIdentity(), ...parts } as ClusterState;
}

test("machines whose run was killed before, during or after they came up are abandoned", () => {
  for (const id of ["early", "up", "taken"]) make(id, dead);
  const states = [
    state("up", { owner: dead }),
    // A kept cluster that a later run had taken over when it was killed.
    state("taken", { kept: true, inUse: true, owner: dead }),
  ];
  expect(
    records
      .abandoned(states)
      .map(({ id }) => id)
      .sort(),
  ).toEqual(["early", "taken", "up"]);
});

test("machines that somebody uses, or that were kept, are not", () => {
  make("coming");
  make("used", dead);
  make("kept", dead);
  const states = [state("used", { kept: true, inUse: true }), state("kept", { kept: true, owner: dead })];
  expect(records.abandoned(states)).toEqual([]);
});

test("what was recorded is found again, until it is removed", () => {
  const made = make("nc-1");
  expect(records.find("nc-1")).toEqual(made);
  expect(made.env).toMatchObject({ CLUSTER_NAME: "nc-1", CONTROL: "10.9.1", NODE_IMAGE: "node", NODES: "2" });
  records.remove("nc-1");
  expect(records.all()).toEqual([]);
});

test("addresses are those that the Vagrantfile gives: nodes from 10 on, the external host 2", () => {
  const machines = make("nc-2");
  const at = (machine: string) => plannedAddresses("10.9.0.0/16", machines, machine);
  expect(at("tutorial-node2")).toEqual({ control: "10.9.1.11", data: "10.9.2.11" });
  expect(at("tutorial-external")).toEqual({ control: "10.9.1.2", data: "10.9.2.2" });
});

test("the Vagrantfile is told the engine of each node, and of a box or image that is named one that it knows", () => {
  const engineOf = (word: string) => {
    const nodes = parseEngine(word).map((node) => ({ ...node, version: "1.2.3" }));
    const lease = { slot: 0, prefixes: { management: "10.9.0", control: "10.9.1", data: "10.9.2" } };
    const plan = { id: "mixed", engine: nameEngines(nodes), nodes: 2, lease, provider: "docker" };
    return records.create(plan, {}).env.ENGINE;
  };
  expect(engineOf("20.10+28.5")).toBe("20.10+28.5");
  expect(engineOf("28.5[icc=false]+./docker.tgz")).toBe("28.5+26.1");
});
