import { type CniCommand, deriveEnvironment, deriveRequest } from "#harness/cni/protocol/request.ts";
import type { AddResult } from "#harness/cni/protocol/result.ts";
import { atLeast } from "#harness/cni/protocol/version.ts";
import type { CallChanges, Container, PluginUnderTest } from "#harness/cni/testbed/container.ts";
import { capabilityArgs, type ProfileValues } from "#harness/cni/testbed/profiles.ts";

/** Network name in every configuration of the suite. */
export const networkName = "nc-net";

/** The configuration that a plugin gets in a call, for a container where it is about one; `values` are what its profile is told. */
export function requestFor(
  { type, version, profile }: PluginUnderTest,
  command: CniCommand | undefined,
  values: ProfileValues,
  container: Container | undefined,
  changes: CallChanges,
): Record<string, unknown> {
  const plugin = { ...profile.config(values), ...changes.config, type };
  const attached = command === "ADD" || command === "DEL" || command === "CHECK";
  const previous =
    changes.prevResult === undefined ? previousOf(command, version, container) : changes.prevResult;
  return {
    ...deriveRequest({
      network: { name: networkName },
      plugin,
      version,
      capabilityArgs: attached ? (profile.capabilities?.(values) ?? capabilityArgs(values.index)) : undefined,
      ...(previous && attached && { prevResult: previous }),
      ...(command === "GC" && { validAttachments: changes.valid ?? [] }),
    }),
    ...(changes.version !== undefined && { cniVersion: changes.version }),
  };
}

function previousOf(
  command: CniCommand | undefined,
  version: PluginUnderTest["version"],
  container: Container | undefined,
): AddResult | undefined {
  if (command === "ADD") return container?.prevResult;
  return atLeast(version, "0.4.0") ? container?.result : undefined;
}

/** The variables of a call; without a command there is no `CNI_COMMAND`. */
export function environmentFor(
  { profile, cniPath }: PluginUnderTest,
  command: CniCommand | undefined,
  values: ProfileValues,
  container: Container | undefined,
  changes: Pick<CallChanges, "env" | "path">,
): Record<string, string> {
  const args = container && profile.args?.(values);
  const attachment = container && {
    containerId: container.id,
    netns: container.netns,
    ifName: container.ifName,
    ...(args && { args }),
  };
  const env: Record<string, string | undefined> = {
    ...deriveEnvironment(command ?? "ADD", [...(changes.path ?? []), ...cniPath], attachment),
    ...(command ? {} : { CNI_COMMAND: undefined }),
    ...changes.env,
  };
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
