import { z } from "zod";
import { defaultTenant, portShape } from "#drivers/reference/model/state/state.ts";
import { isInterfaceName } from "#harness/cni/protocol/interface-name.ts";
import { atLeast, isSpecVersion } from "#harness/cni/protocol/version.ts";
import { type SpecVersion, specVersions } from "#suites/requirements/spec-version.ts";
import { CniFailure, codes } from "./failure.ts";

/** One call of the plugin on a node, as its executable there passes it on. */
export interface CniCall {
  /** The `CNI_*` variables. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
}

const commands = {
  ADD: { since: "0.3.1", needs: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"] },
  DEL: { since: "0.3.1", needs: ["CNI_CONTAINERID", "CNI_IFNAME"] },
  CHECK: { since: "0.4.0", needs: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"] },
  GC: { since: "1.1.0", needs: [] },
  STATUS: { since: "1.1.0", needs: [] },
  VERSION: { since: "0.3.1", needs: [] },
} as const satisfies Record<string, { since: SpecVersion; needs: readonly string[] }>;
export type Command = keyof typeof commands;

const identifier = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const name = z.string().regex(identifier, "expected a letter or digit, then letters, digits, '_', '.', '-'");

const result = z.looseObject({
  interfaces: z.array(z.looseObject({ name: z.string() })).nullish(),
  ips: z.array(z.looseObject({ address: z.string(), interface: z.number().int().optional() })).nullish(),
  routes: z.array(z.looseObject({ dst: z.string() })).nullish(),
  dns: z.looseObject({ nameservers: z.array(z.string()).nullish() }).nullish(),
});
/** What ADD answered, or a plugin before this one in the list. */
export type PreviousResult = z.output<typeof result>;

const attachments = z.array(z.looseObject({ containerID: z.string(), ifname: z.string() }));

/** A list of names by the conventions of CNI; Podman gives a list for each network, and asks for one network at a time. */
const aliasesShape = z.union([
  z.array(z.string()),
  z.record(z.string(), z.array(z.string())).transform((lists) => Object.values(lists).flat()),
]);

const shape = z.looseObject({
  name,
  /** Name within the tenant; default: that of the CNI network. */
  network: name.optional(),
  tenant: name.default(defaultTenant),
  /** Policy group of the containers. */
  group: name.optional(),
  /** CIDR. A network that does not exist is made with it. */
  subnet: z.string().optional(),
  gateway: z.string().optional(),
  subnet6: z.string().optional(),
  encap: z.string().optional(),
  tag: z.number().optional(),
  /** Gives every container an egress through the node's address. */
  ipMasq: z.boolean().default(false),
  runtimeConfig: z
    .looseObject({
      portMappings: z.array(portShape).nullish(),
      ips: z.array(z.string()).nullish(),
      mac: z.string().nullish(),
      aliases: aliasesShape.nullish(),
    })
    .nullish(),
  prevResult: result.nullish(),
  "cni.dev/valid-attachments": attachments.nullish(),
  "cni.dev/attachments": attachments.nullish(),
});
/** The plugin's configuration; what it does not know is let through. */
export type Configuration = z.output<typeof shape>;

/** `CNI_COMMAND`. Throws `CniFailure`. */
export function readCommand({ env }: CniCall): Command {
  const command = env.CNI_COMMAND ?? "";
  if (!Object.hasOwn(commands, command)) {
    const got = command === "" ? "it is missing" : `${JSON.stringify(command)} is none`;
    throw invalidEnvironment("CNI_COMMAND", `${got}: expected one of ${Object.keys(commands).join(", ")}`);
  }
  return command as Command;
}

/** What is on stdin, as JSON. Throws `CniFailure`. */
export function readJson({ stdin }: CniCall): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(stdin);
  } catch (error) {
    throw new CniFailure(codes.undecodable, `the configuration is no JSON: ${(error as Error).message}`);
  }
  const parsed = z.record(z.string(), z.unknown()).safeParse(value);
  if (!parsed.success) throw new CniFailure(codes.undecodable, "the configuration is no JSON object");
  return parsed.data;
}

/** The version of a call. Throws `CniFailure` for one that is not spoken or does not have the command. */
export function readVersion(json: Record<string, unknown>, command: Command): SpecVersion {
  const { cniVersion } = json;
  if (typeof cniVersion !== "string" || !isSpecVersion(cniVersion)) {
    throw new CniFailure(
      codes.incompatibleVersion,
      `cniVersion ${JSON.stringify(cniVersion ?? "")} is not spoken: expected one of ${specVersions.join(", ")}`,
    );
  }
  const { since } = commands[command];
  if (!atLeast(cniVersion, since)) {
    throw new CniFailure(
      codes.incompatibleVersion,
      `${command} needs cniVersion ${since}, got ${cniVersion}`,
    );
  }
  return cniVersion;
}

/** The container of a call; empty where the command has none. Throws `CniFailure` that names every variable that is wrong. */
export function readContainer(
  { env }: CniCall,
  command: Command,
): { containerId: string; netns: string; ifName: string } {
  const { CNI_CONTAINERID: containerId = "", CNI_NETNS: netns = "", CNI_IFNAME: ifName = "" } = env;
  const missing = commands[command].needs.filter((variable) => !env[variable]);
  if (missing.length > 0) throw invalidEnvironment(missing.join(", "), "missing");
  if (commands[command].needs.length > 0) {
    if (!identifier.test(containerId))
      throw invalidEnvironment("CNI_CONTAINERID", JSON.stringify(containerId));
    if (!isInterfaceName(ifName)) throw invalidEnvironment("CNI_IFNAME", JSON.stringify(ifName));
    // It becomes a word of a command for `ip`.
    if (/\s/.test(netns)) throw invalidEnvironment("CNI_NETNS", JSON.stringify(netns));
  }
  return { containerId, netns, ifName };
}

/** Throws `CniFailure` that names the key that is wrong. */
export function readConfiguration(json: Record<string, unknown>): Configuration {
  const parsed = shape.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new CniFailure(codes.invalidConfiguration, `the configuration is wrong: ${problems.join("; ")}`);
}

/**
 * The configuration with what `CNI_ARGS` asks for as `IP` and `MAC`, as Podman does, where no capability has said it. What else is in there is
 * for other plugins.
 */
export function withArguments(config: Configuration, { env }: CniCall): Configuration {
  const given = (env.CNI_ARGS ?? "").split(";").map((one) => one.split("="));
  const ips = given.flatMap(([key, value]) => (key === "IP" && value ? [value] : []));
  const mac = given.find(([key]) => key === "MAC")?.[1];
  const asked = { ...(ips.length > 0 ? { ips } : {}), ...(mac ? { mac } : {}) };
  return { ...config, runtimeConfig: { ...asked, ...config.runtimeConfig } };
}

function invalidEnvironment(variables: string, what: string): CniFailure {
  return new CniFailure(codes.invalidEnvironment, `invalid environment: ${variables}: ${what}`);
}
