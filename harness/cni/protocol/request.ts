import type { NetworkConfig, PluginConfig } from "#harness/cni/runtime/config.ts";
import type { SpecVersion } from "#suites/requirements/spec-version.ts";
import type { AddResult } from "./result.ts";

export type CniCommand = "ADD" | "DEL" | "CHECK" | "GC" | "STATUS" | "VERSION";

/** One interface of one container: what is the same for every call about it. */
export interface CniAttachment {
  /** Matches `[A-Za-z0-9][A-Za-z0-9_.-]*`. */
  readonly containerId: string;
  /** Path of the container's network namespace; empty when it is gone. */
  readonly netns: string;
  readonly ifName: string;
  /** Becomes `CNI_ARGS`. */
  readonly args?: Readonly<Record<string, string>>;
  /** Capability arguments by capability, e.g. `{ portMappings: [...] }`; a plugin gets those it declares. */
  readonly capabilityArgs?: Readonly<Record<string, unknown>>;
}

/** What GC names as still in use. */
export type ValidAttachment = Pick<CniAttachment, "containerId" | "ifName">;

export interface RequestInput {
  network: Pick<NetworkConfig, "name">;
  plugin: PluginConfig;
  version: SpecVersion;
  capabilityArgs?: Readonly<Record<string, unknown>> | undefined;
  prevResult?: AddResult | undefined;
  validAttachments?: readonly ValidAttachment[] | undefined;
}

/**
 * The configuration that one plugin gets on stdin (specification, section 3, "Deriving request configuration").
 * `capabilities` and reserved `cni.dev/` keys never reach a plugin; everything else passes unchanged.
 */
export function deriveRequest(input: RequestInput): Record<string, unknown> {
  const { plugin, network, version, capabilityArgs = {}, prevResult, validAttachments } = input;
  const { capabilities = {}, runtimeConfig: _generated, prevResult: _previous, ...rest } = plugin;
  const own = Object.entries(rest).filter(([key]) => !key.startsWith("cni.dev/"));
  const runtimeConfig = Object.fromEntries(
    Object.entries(capabilityArgs).filter(([capability]) => capabilities[capability] === true),
  );
  return {
    ...Object.fromEntries(own),
    cniVersion: version,
    name: network.name,
    ...(Object.keys(runtimeConfig).length > 0 ? { runtimeConfig } : {}),
    ...(prevResult ? { prevResult } : {}),
    ...(validAttachments ? garbageKeys(validAttachments) : {}),
  };
}

/** The tagged 1.1.0 text and the later one name the list differently; plugins of both kinds exist. */
function garbageKeys(valid: readonly ValidAttachment[]) {
  const list = valid.map(({ containerId, ifName }) => ({ containerID: containerId, ifname: ifName }));
  return { "cni.dev/valid-attachments": list, "cni.dev/attachments": list };
}

/** The environment of a call; `path` are folders with plugins. Only `CNI_*` variables. */
export function deriveEnvironment(
  command: CniCommand,
  path: readonly string[],
  attachment?: CniAttachment,
): Record<string, string> {
  const args = Object.entries(attachment?.args ?? {}).map(([key, value]) => `${key}=${value}`);
  return {
    CNI_COMMAND: command,
    CNI_PATH: path.join(":"),
    ...(attachment && {
      CNI_CONTAINERID: attachment.containerId,
      CNI_NETNS: attachment.netns,
      CNI_IFNAME: attachment.ifName,
      ...(args.length > 0 && { CNI_ARGS: args.join(";") }),
    }),
  };
}
