import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { Argument } from "commander";
import { which } from "zx/core";
import { type Candidate, completing } from "#harness/cli/completion/candidates.ts";
import { newCommand, runAttached, runMain } from "#harness/cli/run.ts";
import { surveyHosts } from "#harness/cluster/hosts/hosts.ts";
import { inventorySchema } from "#harness/cluster/hosts/inventory.ts";
import { describeProblems, describeSurveys, problemsOf } from "#harness/cluster/hosts/preflight.ts";
import { inventoryOf } from "#harness/cluster/hosts/provider.ts";
import { openProvider, targetEngines } from "#harness/cluster/providers.ts";
import { type ClusterState, ClusterStates, type HostState } from "#harness/cluster/state.ts";
import { openTarget } from "#harness/conformance/run/target.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { UsageError } from "#harness/core/errors.ts";
import { isAlive } from "#harness/core/process/process.ts";
import { type ClusterProvider, readSettings, type Settings } from "#harness/core/settings/settings.ts";
import { formatCommand } from "#harness/host/shell.ts";
import { writeSshConfig } from "#harness/host/ssh/ssh-config.ts";

const progress = progressOn(process.stderr);

const program = newCommand("npm run cluster --")
  .enablePositionalOptions()
  .description("Clusters that stay up between runs, and hosts that exist.");

program
  .command("up")
  .description("brings up a cluster for every DRIVER and ENGINE and leaves it up")
  .action(() => runMain(up));

program
  .command("down")
  .description("removes every cluster of this user, and what interrupted runs left behind")
  .action(() => runMain(down));

program
  .command("status")
  .description("lists the clusters and how to reach their nodes")
  .action(() => runMain(async () => status(readSettings())));

program
  .command("ssh")
  .description("opens a shell on a host of a cluster, or runs a command there")
  .addArgument(
    completing(
      new Argument("<host>", "node1, node2, … or external; CLUSTER-ID/node1 where several clusters are up"),
      hostNames,
    ),
  )
  .passThroughOptions()
  .argument("[command...]", "what to run instead of a shell")
  .action((host: string, argv: string[]) => runMain(async () => ssh(host, argv)));

program
  .command("preflight")
  .description("lists what the hosts of INVENTORY are, have and lack; changes nothing")
  .action(() => runMain(preflight));

program
  .command("inventory-schema")
  .description("prints the JSON Schema of inventory files, for editors")
  .action(() =>
    runMain(async () => {
      console.log(JSON.stringify(inventorySchema(), null, 2));
      return 0;
    }),
  );

/** Clusters that stay up between runs. */
export { program as command };

async function up(): Promise<number> {
  const settings = readSettings();
  for (const engine of await targetEngines(settings)) {
    for (const driver of settings.DRIVER) await (await openTarget(settings, progress, driver, engine)).keep();
  }
  return status(settings);
}

async function preflight(): Promise<number> {
  const inventory = inventoryOf(readSettings());
  const surveys = await progress.step(`looking at the hosts of ${inventory.source}`, () =>
    surveyHosts(inventory),
  );
  console.log(describeSurveys(surveys));
  const problems = problemsOf(surveys, inventory.external !== undefined);
  if (problems.length > 0) console.log(describeProblems(problems));
  if (!inventory.external) {
    console.log("the inventory names no external host: requirements that need the external host are blocked");
  }
  console.log(problems.length === 0 ? "the hosts are fit" : "the hosts cannot be used as they are");
  return problems.length === 0 ? 0 : 1;
}

async function down(): Promise<number> {
  const settings = readSettings();
  const states = new ClusterStates(settings);
  let failed = 0;
  for (const name of providersInUse(settings, states)) {
    const provider = await openProvider(settings, progress, name);
    const own = provider.states();
    const busy = own.filter((state) => isAlive(state.owner));
    for (const state of own) {
      if (busy.includes(state)) continue;
      try {
        await provider.tearDown(state);
        console.log(`removed ${state.id} (${state.driver}@${state.engine})`);
      } catch (error) {
        failed++;
        console.log(`left ${state.id}: ${(error as Error).message}\n  its state is ${states.path(state.id)}`);
      }
    }
    await provider.sweep();
    for (const { id } of busy) console.log(`left ${id}: a run is using it`);
    await provider.release({ stop: busy.length === 0 });
  }
  return failed > 0 ? 1 : 0;
}

/** The providers of every cluster that there is a state of, and the one that is set. */
function providersInUse(settings: Settings, states: ClusterStates): ClusterProvider[] {
  return [...new Set([settings.CLUSTER, ...states.all().map(({ provider }) => provider)])];
}

function status(settings: Settings): number {
  const states = new ClusterStates(settings);
  const table = new Table({
    head: ["cluster", "driver", "engine", "state", "hosts"],
    style: { head: [], border: [] },
  });
  for (const state of states.all()) {
    const use = isAlive(state.owner) ? "in use" : state.kept ? "kept" : "abandoned";
    const hosts = hostsOf(state)
      .map(({ name, address }) => `${name} ${address}`)
      .join("\n");
    table.push([state.id, state.driver, state.engine, use, hosts]);
  }
  console.log(states.all().length > 0 ? table.toString() : "no clusters");
  return 0;
}

async function ssh(reference: string, argv: string[]): Promise<number> {
  const { host } = findHost(reference);
  const folder = mkdtempSync(join(tmpdir(), "netconform-ssh-"));
  try {
    const config = writeSshConfig(folder, host);
    const line = formatCommand([...(host.sudo ? ["sudo", "-n", "--"] : []), ...argv]);
    if (!(await which("ssh", { nothrow: true })))
      throw new UsageError("there is no ssh on this machine", { hint: "install openssh-client" });
    return await runAttached(["ssh", "-F", config, host.name, ...(argv.length > 0 ? ["--", line] : [])]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function hostsOf({ nodes, external }: ClusterState): HostState[] {
  return [...nodes, ...(external ? [external] : [])];
}

/** Hosts as `ssh` takes them: with their cluster where several are up. */
function hostNames(): Candidate[] {
  const states = new ClusterStates(readSettings()).all();
  return states.flatMap((state) =>
    hostsOf(state).map(({ name }) => ({
      value: states.length > 1 ? `${state.id}/${name}` : name,
      says: `${state.driver}@${state.engine}`,
    })),
  );
}

function findHost(reference: string): { state: ClusterState; host: HostState } {
  const [name = "", id] = reference.split("/").reverse();
  const found = new ClusterStates(readSettings())
    .all()
    .filter((state) => id === undefined || state.id === id)
    .flatMap((state) => hostsOf(state).map((host) => ({ state, host })))
    .filter(({ host }) => host.name === name);
  const [first, ...more] = found;
  if (!first) throw new UsageError(`${reference}: no such host; npm run cluster -- status lists them`);
  if (more.length > 0) {
    const choices = found.map(({ state }) => `${state.id}/${name}`).join(", ");
    throw new UsageError(`${reference}: several clusters are up; expected one of ${choices}`);
  }
  return first;
}
