import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { ConfigurationError } from "#harness/cni/protocol/errors.ts";
import { isSpecVersion } from "#harness/cni/protocol/version.ts";
import { findPlugin } from "#harness/cni/runtime/binary.ts";
import { type NetworkConfig, parseNetworkConfig } from "#harness/cni/runtime/config.ts";
import { CniRuntime } from "#harness/cni/runtime/runtime.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import type { Host } from "#harness/host/host.ts";
import type { PluginKind } from "#suites/requirements/applicability/applies-to.ts";
import { type SpecVersion, specVersions } from "#suites/requirements/spec-version.ts";
import type { PluginUnderTest } from "./container.ts";
import { type ChainMember, type PluginProfile, type ProfileValues, profiles } from "./profiles.ts";
import type { ReferenceAttachment } from "./reference/reference.ts";

/** What a target of the CNI suite names. */
export interface CniTarget {
  /** Path of the plugin. */
  readonly reference: string;
  /** Version of the specification after `cni-`, e.g. `cni-1.1.0`. */
  readonly engine: string;
}

type CniTargetSettings = Pick<Settings, "CNI_PATH" | "CONFIG" | "KIND">;

/**
 * The plugin of a target, as its reference attachment has found it. One that cannot be used stands for itself, so that its target can say why:
 * nothing may be asked of it. Throws `ConfigurationError`.
 */
export async function pluginUnderTest(
  target: CniTarget,
  settings: CniTargetSettings,
  host: Host,
  { kind, unusable }: Pick<ReferenceAttachment, "kind" | "unusable">,
  own?: PluginProfile,
): Promise<PluginUnderTest> {
  if (unusable === undefined) {
    return (await findPluginOf(target, { ...settings, KIND: kind }, host, own)).plugin;
  }
  const { reference: path } = target;
  const [newest = "1.1.0"] = specVersions.toReversed();
  return {
    ...{ host, path, type: basename(path), cniPath: [], claims: [] },
    version: versionOf(target) ?? newest,
    profile: { kind, config: () => ({}) },
  };
}

function versionOf({ engine }: CniTarget): SpecVersion | undefined {
  const version = engine.replace(/^cni-/, "");
  return isSpecVersion(version) ? version : undefined;
}

/** As far as that goes without a call but VERSION: `kind` is undefined where the plugin has to be tried for it. Throws `ConfigurationError`. */
export async function findPluginOf(
  target: CniTarget,
  settings: CniTargetSettings,
  host: Host,
  own?: PluginProfile,
): Promise<{ plugin: PluginUnderTest; kind: PluginKind | undefined }> {
  const type = basename(target.reference);
  const folder = dirname(target.reference);
  const cniPath = [folder, ...settings.CNI_PATH.filter((one) => one !== folder)];
  const path = await findPlugin(host, [folder], type);
  const version = versionOf(target);
  if (version === undefined) {
    throw new ConfigurationError(`${path}: claims none of the versions ${specVersions.join(", ")}`, {
      hint: "PLUGIN names a CNI plugin; CNI_VERSION chooses among the versions that it claims",
    });
  }
  // A plugin that does not answer VERSION is tested all the same: that is one of the rules.
  const claims = await new CniRuntime({ host, path: cniPath }).version(type).then(
    ({ supportedVersions }) => supportedVersions,
    () => [],
  );
  const plugin = { host, type, path, cniPath, version, claims };
  if (own) return { plugin: { ...plugin, profile: own }, kind: own.kind };
  const ready = profiles[type.replace(/\..*/, "")];
  if (settings.CONFIG) {
    const network = await readConfig(settings.CONFIG);
    const kind = settings.KIND ?? ready?.kind;
    const profile = profileOf(network, type, ready, kind ?? "interface");
    // A list of the user's own is asked for as a whole: one that cannot be run is no result.
    for (const member of profile.lists?.flat() ?? []) await findPlugin(host, cniPath, member.type);
    return { plugin: { ...plugin, profile }, kind };
  }
  if (ready) return { plugin: { ...plugin, profile: ready }, kind: ready.kind };
  throw new ConfigurationError(`${path}: there is no ready-made configuration for a plugin called ${type}`, {
    hint: `give one with CONFIG=file.conflist, or with PROFILE=./mine.ts what it needs besides (ready-made ones exist for ${Object.keys(profiles).join(", ")})`,
  });
}

async function readConfig(config: string): Promise<NetworkConfig> {
  if (config.trimStart().startsWith("{")) return parseNetworkConfig(config, "CONFIG");
  const text = await readFile(config, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new ConfigurationError(`CONFIG=${config}: cannot be read (${error.code})`, {
      hint: "CONFIG is a file with a CNI network configuration, or the JSON itself",
    });
  });
  return parseNetworkConfig(text, config);
}

/** `{{dataDir}}` and `{{index}}` in strings stand for the scratch folder and the container's running number. */
function profileOf(
  network: NetworkConfig,
  type: string,
  ready: PluginProfile | undefined,
  kind: PluginKind,
): PluginProfile {
  const plugin =
    network.plugins.find((one) => one.type === type) ??
    (kind === "ipam" ? network.plugins.find((one) => ipamOf(one)?.type === type) : undefined);
  if (!plugin) {
    const types = network.plugins.map((one) => one.type).join(", ");
    throw new ConfigurationError(`CONFIG: expected a plugin of type ${type}, got ${types}`, {
      hint: "the type in the configuration must be the file name of PLUGIN",
    });
  }
  const ipam = ipamOf(plugin);
  // Of a ready-made profile, what belongs to its own configuration says nothing of this one.
  const { exhausted: _own, needs = [], ...rest } = ready ?? {};
  return {
    ...rest,
    needs: needs.filter((need) => !need.startsWith("program ")),
    kind,
    config: (values) => fillTemplate(plugin, values),
    lists: network.plugins.length > 1 && network.plugins.includes(plugin) ? [membersOf(network)] : [],
    delegates: ipam !== undefined && kind === "interface",
    allocates: ipam !== undefined && ipam.type !== "static",
  };
}

function membersOf({ plugins }: NetworkConfig): ChainMember[] {
  return plugins.map((one) => ({ type: one.type, config: (values) => fillTemplate(one, values) }));
}

function ipamOf(plugin: Record<string, unknown>): Record<string, unknown> | undefined {
  const { ipam } = plugin;
  return typeof ipam === "object" && ipam !== null && "type" in ipam
    ? (ipam as Record<string, unknown>)
    : undefined;
}

/** A configuration whose texts have the place's values; a `host-local` section gets the scratch folder by itself. */
export function fillTemplate(
  plugin: Record<string, unknown>,
  { dataDir, index }: ProfileValues,
): Record<string, unknown> {
  const text = JSON.stringify(plugin)
    .replaceAll("{{dataDir}}", dataDir)
    .replaceAll("{{index}}", String(index));
  const filled = JSON.parse(text) as Record<string, unknown>;
  const ipam = ipamOf(filled);
  // Leases of a trial must not mix with those of the machine.
  if (ipam?.type === "host-local") filled.ipam = { ...ipam, dataDir };
  return filled;
}
