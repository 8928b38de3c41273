import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { sweep, tearDown } from "#harness/cluster/lifecycle.ts";
import { type ClusterState, ClusterStates, type HostState } from "#harness/cluster/state.ts";
import { openTarget } from "#harness/cluster/target.ts";
import { settingsOrExit } from "#harness/config/usage.ts";
import { UsageError } from "#harness/errors.ts";
import { formatCommand } from "#harness/host/shell.ts";
import { isAlive } from "#harness/process.ts";
import { progressOn } from "#harness/progress.ts";
import { ensureEngine, stopPrivateEngine } from "#harness/setup/engine.ts";
import { newCommand, runMain } from "./run.ts";

const settings = settingsOrExit();
const progress = progressOn(process.stderr);
const states = new ClusterStates(settings);

const command = newCommand("npm run cluster --")
  .enablePositionalOptions()
  .description("Clusters that stay up between runs.");

command
  .command("up")
  .description("brings up a cluster for every DRIVER and ENGINE and leaves it up")
  .action(() =>
    runMain(async () => {
      for (const engine of settings.ENGINE) {
        for (const driver of settings.DRIVER)
          await (await openTarget(settings, progress, driver, engine)).keep();
      }
      return status();
    }),
  );

command
  .command("down")
  .description("removes every cluster of this user, and what interrupted runs left behind")
  .action(() => runMain(down));

command
  .command("status")
  .description("lists the clusters and how to reach their nodes")
  .action(() => runMain(async () => status()));

command
  .command("ssh")
  .description("opens a shell on a host of a cluster, or runs a command there")
  .argument("<host>", "node1, node2, … or outside; CLUSTER-ID/node1 where several clusters are up")
  .passThroughOptions()
  .argument("[command...]", "what to run instead of a shell")
  .action((host: string, argv: string[]) => runMain(async () => ssh(host, argv)));

await command.parseAsync();

async function down(): Promise<number> {
  const engine = await ensureEngine(settings, progress);
  const ground = { docker: engine.docker, host: engine.host, settings, progress };
  const busy = states.on(engine.host).filter((state) => isAlive(state.owner));
  for (const state of states.on(engine.host)) {
    if (busy.some(({ id }) => id === state.id)) continue;
    await tearDown(ground, state);
    console.log(`removed ${state.id} (${state.driver}@${state.engine})`);
  }
  await sweep(ground);
  for (const { id } of busy) console.log(`left ${id}: a run is using it`);
  await engine.release();
  if (engine.private && busy.length === 0) await stopPrivateEngine(settings);
  return 0;
}

function status(): number {
  const table = new Table({
    head: ["cluster", "driver", "engine", "state", "hosts"],
    style: { head: [], border: [] },
  });
  for (const state of states.all()) {
    const use = isAlive(state.owner) ? "in use" : state.kept ? "kept" : "abandoned";
    const hosts = [...state.nodes, state.outside].map(({ name, address }) => `${name} ${address}`).join("\n");
    table.push([state.id, state.driver, state.engine, use, hosts]);
  }
  console.log(states.all().length > 0 ? table.toString() : "no clusters");
  return 0;
}

function ssh(reference: string, argv: string[]): number {
  const { state, host } = findHost(reference);
  const folder = mkdtempSync(join(tmpdir(), "netconform-ssh-"));
  try {
    const key = join(folder, "key");
    const knownHosts = join(folder, "known_hosts");
    writeFileSync(key, state.privateKey, { mode: 0o600 });
    writeFileSync(knownHosts, `${host.address} ${host.hostKey}\n`);
    const ran = spawnSync(
      "ssh",
      [
        ...[
          "-i",
          key,
          "-p",
          String(host.port),
          "-o",
          `UserKnownHostsFile=${knownHosts}`,
          "-o",
          "LogLevel=ERROR",
        ],
        ...[`${host.user}@${host.address}`, ...(argv.length > 0 ? ["--", formatCommand(argv)] : [])],
      ],
      { stdio: "inherit" },
    );
    if (ran.error)
      throw new UsageError(`ssh cannot be run: ${ran.error.message}`, { hint: "install openssh-client" });
    return ran.status ?? 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function findHost(reference: string): { state: ClusterState; host: HostState } {
  const [name = "", id] = reference.split("/").reverse();
  const found = states
    .all()
    .filter((state) => id === undefined || state.id === id)
    .flatMap((state) => [...state.nodes, state.outside].map((host) => ({ state, host })))
    .filter(({ host }) => host.name === name);
  const [first, ...more] = found;
  if (!first) throw new UsageError(`${reference}: no such host; npm run cluster -- status lists them`);
  if (more.length > 0) {
    const choices = found.map(({ state }) => `${state.id}/${name}`).join(", ");
    throw new UsageError(`${reference}: several clusters are up; expected one of ${choices}`);
  }
  return first;
}
