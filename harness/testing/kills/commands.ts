import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { installDebugPlugins } from "#harness/cni/debug-plugins/install.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { succeed, type World } from "./world.ts";

/** A command that is killed, and typed again afterwards. */
export interface Subject {
  readonly args: (world: World) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What has to be there first, each time. */
  readonly before?: (world: World) => Promise<unknown>;
  /** What takes away what a whole run leaves on purpose. */
  readonly after?: (world: World) => Promise<unknown>;
  /** What it writes into its reports folder, which must never be half a file. */
  readonly writes?: string;
}

/** Removes the clusters of the world; the one that is kept from the beginning is somebody's. */
const down = ({ clusters }: World) => [
  "cluster",
  ...(clusters().length > 0 ? ["down", ...clusters()] : ["status"]),
];
const up = (world: World) => succeed(world.run(["cluster", "up"], { DRIVER: "bridge", NODES: "1" }));
const cluster = { DRIVER: "bridge", NODES: "1" };

/** The commands by name. They are narrow: what counts is what they make and remove. */
export const subjects: Readonly<Record<string, Subject>> = {
  conform: {
    args: () => ["conform", "suites/basics", "-t", "B1"],
    env: { DRIVER: "bridge" },
    writes: statement(),
  },
  "conform of two drivers": {
    ...{ args: () => ["conform", "suites/basics", "-t", "B1"], env: { DRIVER: "bridge,overlay" } },
    writes: statement(),
  },
  "conform of the reference plugin": {
    ...{ args: () => ["conform", "suites/multihost", "-t", "M1"], env: { DRIVER: "reference" } },
    writes: statement(),
  },
  "conform of CNI plugins": {
    ...{ args: () => ["conform", "suites/basics", "-t", "B2"], env: { DRIVER: "cni-bridge" } },
    writes: statement(),
  },
  "conform on virtual machines": {
    args: () => ["conform", "suites/basics", "-t", "B1"],
    env: { DRIVER: "bridge", CLUSTER: "vagrant", VAGRANT_PROVIDER: "docker", NODES: "1" },
    writes: statement(),
  },
  prove: {
    args: () => ["prove", "--only", "engine-without-bridge"],
    writes: "prove.json",
  },
  "prove the CNM suite": { args: () => ["prove", "--only", "one-client-at-a-time"], writes: "prove.json" },
  matrix: {
    args: () => ["matrix", "suites/basics", "-t", "B1", "--firewall", "nft"],
    env: { DRIVER: "bridge" },
    writes: "matrix.json",
  },
  "cni-table": {
    args: ({ folder }) => ["cni-table", `debug=${join(folder, "plugins")}`],
    before: async ({ folder }) => {
      const plugins = join(folder, "plugins");
      mkdirSync(plugins, { recursive: true });
      await installDebugPlugins(new LocalHost(), plugins);
    },
    writes: "cni-table.json",
  },
  "cluster up": {
    args: () => ["cluster", "up"],
    env: cluster,
    after: (world) => succeed(world.run(down(world))),
  },
  "cluster down": { args: down, before: up },
  "images save": { args: ({ folder }) => ["images", "save", join(folder, "saved.tar")] },
};

function statement(): string {
  return "conformance.json";
}
