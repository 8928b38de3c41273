import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { engineVersions, parseEngines } from "#harness/core/engines/grammar.ts";
import { familyOf, isCidr, networkOf, prefixOf } from "#harness/core/ip.ts";
import { typed } from "#harness/core/typed.ts";
import { playedEngines } from "#suites/requirements/played-engine.ts";

/** What starts the workloads of CNI networks. */
export const workloadRuntimes = ["netconform", "podman", "containerd"] as const;
export type WorkloadRuntimeName = (typeof workloadRuntimes)[number];

const clusterProviders = ["containers", "ssh", "vagrant"] as const;
export type ClusterProvider = (typeof clusterProviders)[number];

const flag = z
  .enum(["0", "1", "true", "false"], { error: "one of 0, 1, true, false" })
  .transform((value) => value === "1" || value === "true");
const list = z.string().transform((value) => [
  ...new Set(
    value
      .split(",")
      .map((item) => item.trim())
      .filter(Boolean),
  ),
]);
/** Words of the one grammar of engines, each in the one way to write it. */
const engineList = z.string().transform((value, context) => {
  try {
    return parseEngines(value);
  } catch (error) {
    context.addIssue((error as Error).message);
    return z.NEVER;
  }
});
const wholeNumber = (from: number, to: number) => {
  const error = `a whole number from ${from} to ${to}`;
  return z.coerce.number({ error }).int({ error }).min(from, { error }).max(to, { error });
};

const jsonMap = z
  .string()
  .transform((value, context): unknown => {
    try {
      return JSON.parse(value);
    } catch {
      context.addIssue("a JSON object");
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), z.string()));

/** Every setting: what it means, what it may be, its default. The table in docs/settings.md is made from this. */
export const schema = z.object({
  DRIVER: list
    .pipe(z.array(z.string()).min(1, { error: "at least one driver" }))
    .default(["bridge", "overlay", "reference"])
    .describe(
      "drivers under test, comma separated: names, paths to driver files or CNI configurations, or packages",
    ),
  DRIVER_BEFORE: z
    .string()
    .min(1)
    .optional()
    .describe(
      "driver of an earlier version of the plugin, a name or a path as in DRIVER, over which DRIVER is installed while connections are held (H2b)",
    ),
  ENGINE: engineList
    .default(["26.1"])
    .describe(
      `Docker Engine on the nodes, comma separated: ${engineVersions.join(", ")}, a release, Debian's, packages, files, see docs/engines.md; CLUSTER=ssh takes what the hosts run`,
    ),
  ENGINE_SOURCE: z
    .string()
    .regex(/^https?:\/\/.*\{version\}/, { error: "a URL with {version}, and {arch} where it is needed" })
    .default("https://download.docker.com/linux/static/stable/{arch}/docker-{version}.tgz")
    .describe("where the static release of a version of ENGINE is, a URL with {version} and {arch}"),
  SNAPSHOT: z
    .string()
    .regex(/^https?:\/\/.*\{date\}/, { error: "a URL with {date}" })
    .optional()
    .describe(
      "mirror of the Debian archive as it was at the date of debian:SUITE@DATE, a URL with {date}, e.g. Debian's snapshot service",
    ),
  CLUSTER: z
    .enum(clusterProviders)
    .default("containers")
    .describe("what the nodes are: containers on this machine, ssh (hosts of INVENTORY), vagrant (VMs)"),
  INVENTORY: z
    .string()
    .optional()
    .transform((path) => path && resolve(path))
    .describe("YAML file that names the hosts of CLUSTER=ssh, see docs/ssh.md"),
  OCCUPIED: flag
    .default(false)
    .describe("1 also uses hosts of CLUSTER=ssh that hold containers, networks or a swarm of others"),
  VAGRANT_PROVIDER: z
    .enum(["virtualbox", "libvirt", "docker"])
    .optional()
    .describe("what Vagrant makes the machines of CLUSTER=vagrant with; default: Vagrant's own choice"),
  VAGRANT_BOX: z
    .string()
    .min(1)
    .optional()
    .describe(
      "box of CLUSTER=vagrant; local makes one for libvirt from Debian packages; default: Debian's, from where Vagrant looks",
    ),
  SCALE: wholeNumber(2, 1000)
    .optional()
    .describe(
      "number of probes that the multi-host chapter spreads over all nodes as a swarm service; a sample of their mesh is checked",
    ),
  NODES: wholeNumber(1, 16)
    .default(2)
    .describe(
      "number of nodes; with CLUSTER=ssh the first of the inventory, all of them where it is not set",
    ),
  SEQUENTIAL: flag
    .optional()
    .describe(
      "1 runs one chapter at a time, on one cluster per target; 0 as many at a time as cores and memory carry, each on a cluster of its own; default: 1 with KEEP=1, else 0",
    ),
  KEEP: flag.default(false).describe("1 leaves the cluster up after the run; the next run reuses it"),
  IMAGE: z
    .string()
    .min(1)
    .optional()
    .describe("workload image instead of the built-in busybox, e.g. alpine; pulled by this machine's engine"),
  NODE_IMAGE: z
    .string()
    .min(1)
    .optional()
    .describe(
      "node image instead of the one that is built, for one ENGINE; made by this project, and one that the engine has or can pull",
    ),
  BUILDER: z
    .string()
    .min(1)
    .default("debian:trixie-slim")
    .describe(
      "Debian image, which the engine has or can pull, in whose container images are built where this machine has no mmdebstrap",
    ),
  MIRROR: z
    .url({ error: "a URL that starts with http:// or https://" })
    .optional()
    .describe("Debian mirror for the images; default: the one this machine's apt uses"),
  SUBNETS: z
    .string()
    .refine((value) => isIpv4Slash16(value), {
      error: "an IPv4 /16 such as 10.222.0.0/16",
    })
    .default("10.222.0.0/16")
    .describe("range from which each cluster leases three /24 networks"),
  CACHE: z
    .string()
    .default(join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "netconform"))
    .transform((path) => resolve(path))
    .describe("image cache, state of kept clusters and the private engine's data"),
  REPORTS: z
    .string()
    .default("reports/output")
    .transform((path) => resolve(path))
    .describe("where reports and evidence are written"),
  IMPLEMENTATION: z
    .string()
    .optional()
    .transform((path) => path && resolve(path))
    .describe(
      "YAML file that says whose plugin it is: organisation, project, version, contact, url; told in the statement",
    ),
  CONTIV: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Contiv for the driver contiv: path or URL of a release tarball, folder with netctl, netmaster and netplugin, or running to use the one on the nodes",
    ),
  CONTIV_SHA256: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, { error: "64 hexadecimal digits" })
    .optional()
    .describe("checksum that the tarball of CONTIV must have"),
  PLUGIN: z
    .string()
    .min(1)
    .optional()
    .describe(
      "plugin that a protocol suite tests: CNM socket (path, tcp://host:port, or node1:/path on a kept cluster), CNI binary; default: the reference plugin",
    ),
  PLUGIN_OPTIONS: jsonMap
    .default({})
    .describe('options for every network of the CNM suite as a JSON object of texts, e.g. {"tenant":"blue"}'),
  CONFIG: z
    .string()
    .optional()
    .describe(
      "network configuration for PLUGIN in the CNI suite: a file, or JSON; Debian's plugins have one ready",
    ),
  PROFILE: z
    .string()
    .min(1)
    .optional()
    .transform((path) => path && resolve(path))
    .describe(
      "file that says how PLUGIN is used in the CNI suite, instead of CONFIG and KIND: see docs/cni.md",
    ),
  KIND: z
    .enum(["interface", "chained", "ipam"])
    .optional()
    .describe("what PLUGIN is in the CNI suite; default: known by name, or found out by trying"),
  CNI_PATH: z
    .string()
    .default("/opt/cni/bin:/usr/lib/cni:/usr/libexec/cni")
    .transform((value) => value.split(":").filter(Boolean))
    .describe("folders with CNI plugins, separated by colons"),
  RUNTIME: z
    .enum(workloadRuntimes)
    .default("netconform")
    .describe(
      "what starts the workloads of CNI networks and calls the plugins: netconform, the project's own runtime; podman; containerd; see docs/cni.md",
    ),
  CNI_VERSION: list
    .pipe(z.array(z.enum(["newest", "0.3.1", "0.4.0", "1.0.0", "1.1.0"])))
    .default([])
    .describe("versions of the CNI specification to test, or newest; default: all that the plugin claims"),
  CNM_ENGINE: list
    .pipe(z.array(z.enum(playedEngines)).min(1, { error: `at least one of ${playedEngines.join(", ")}` }))
    .transform((chosen) => playedEngines.filter((engine) => chosen.includes(engine)))
    .default([...playedEngines])
    .describe("engines that the CNM suite plays to PLUGIN, comma separated"),
  FIREWALL: z
    .enum(["nft", "legacy"])
    .optional()
    .describe(
      "iptables on nodes that are containers: nft or legacy; default: what the engine's Debian release uses",
    ),
  PATIENCE: wholeNumber(1, 60)
    .default(1)
    .describe("how many times longer than usual everything may take, for slow nodes such as emulated VMs"),
  POLICY_CASES: wholeNumber(1, 100_000)
    .default(240)
    .describe("how many combinations of policies the chapter disorder tries"),
  GARBAGE_CASES: wholeNumber(1, 1_000_000)
    .default(150)
    .describe("how many malformed answers of each kind the project's own tests make up"),
  GARBAGE_SEED: z.coerce
    .number({ error: "a number" })
    .int({ error: "a whole number" })
    .default(20_261_126)
    .describe("seed of those answers; a failing test tells it"),
  KILL_CASES: wholeNumber(1, 100_000)
    .default(2)
    .describe("how many times the project's own tests kill a command at a random moment"),
  KILL_SEED: z.coerce
    .number({ error: "a number" })
    .int({ error: "a whole number" })
    .default(20_261_127)
    .describe("seed of those moments"),
  KILL_COMMANDS: list
    .default(["conform", "cluster up"])
    .describe("which commands are killed then; docs/proof.md lists them"),
  KILL_LANES: wholeNumber(1, 16).default(1).describe("how many of those commands run side by side"),
  NEMESIS_SEEDS: wholeNumber(1, 10_000)
    .default(30)
    .describe("how many schedules of disturbances the chapter disorder plays"),
  STARTS: wholeNumber(1, 100_000)
    .default(200)
    .describe("how many containers the chapter disorder starts and stops to see whether packets leak"),
  NETWORK_ROUNDS: wholeNumber(1, 4_000)
    .default(20)
    .describe(
      "how many networks the chapter disorder makes and removes while packets try to get between others, and ten times as many groups",
    ),
  LATENCY_SAMPLES: wholeNumber(1, 100_000)
    .default(50)
    .describe(
      "how many times the chapter disorder measures each latency, as far as 25 s allow, and ten times at least",
    ),
  CHURN_ADDS: wholeNumber(20, 1_000_000)
    .default(2_000)
    .describe("how many times the chapter disorder calls ADD and DEL while links of others come and go"),
  CHURN_JOINS: wholeNumber(20, 1_000_000)
    .default(300)
    .describe("how many times a container joins a network there and leaves it, where an engine attaches it"),
  FAULT: z
    .string()
    .optional()
    .describe(`name of the fault to inject (${typed("prove")} sets it)`),
  MEND: z
    .string()
    .optional()
    .describe(`name of a fault that the engine has by itself, to be put right (${typed("prove")} sets it)`),
  VERBOSE: flag.default(false).describe("1 prints every command that runs on a node"),
});

/** Every setting, read and valid. */
export type Settings = z.infer<typeof schema>;
export type SettingName = keyof Settings;

function isIpv4Slash16(value: string): boolean {
  return isCidr(value) && familyOf(value) === 4 && prefixOf(value) === 16 && networkOf(value) === value;
}
