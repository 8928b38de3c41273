import { z } from "zod";
import { ConfigurationError } from "#harness/cni/protocol/errors.ts";
import { parseJson } from "#harness/core/text/json.ts";

/** Container ids and network names (specification, sections 1 and 2). */
export const identifierPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

const pluginConfigSchema = z.looseObject({
  type: z.string().regex(/^[^/\\\s]+$/, "the file name of a plugin, without a folder"),
  capabilities: z.record(z.string(), z.boolean()).optional(),
});

const listSchema = z.looseObject({
  cniVersion: z.string().optional(),
  cniVersions: z.array(z.string()).optional(),
  name: z.string().regex(identifierPattern, "a letter or digit, then letters, digits, '_', '.', '-'"),
  disableCheck: z.boolean().default(false),
  disableGC: z.boolean().default(false),
  plugins: z.array(pluginConfigSchema).min(1, "at least one plugin"),
});

/** The part of a network configuration that one plugin gets, before it becomes a request. */
export type PluginConfig = z.infer<typeof pluginConfigSchema>;

/** A network configuration, whether it was written as a list or as a single plugin. */
export interface NetworkConfig {
  readonly name: string;
  /** Everything that `cniVersion` and `cniVersions` offer, without repetition. */
  readonly versions: readonly string[];
  readonly disableCheck: boolean;
  readonly disableGC: boolean;
  /** In ADD's order. */
  readonly plugins: readonly PluginConfig[];
}

/**
 * Reads a configuration list (`plugins`) or a single configuration (`type`).
 * `source` names where the text came from. Throws `ConfigurationError` that says which key is wrong.
 */
export function parseNetworkConfig(text: string, source = "the configuration"): NetworkConfig {
  const json = parseJson(text);
  if (!json.ok) {
    throw new ConfigurationError(
      `${source}: expected a CNI network configuration, got no JSON: ${json.reason}`,
      {
        hint: "check the file with a JSON parser; comments are not allowed",
      },
    );
  }
  return networkConfigOf(json.value, source);
}

/** Like `parseNetworkConfig`, for a configuration that is an object already. */
export function networkConfigOf(value: unknown, source = "the configuration"): NetworkConfig {
  const parsed = listSchema.safeParse(isSingle(value) ? asList(value) : value);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) => `${source}: ${issue.path.join(".") || "(top level)"}: ${issue.message}`,
    );
    throw new ConfigurationError(problems.join("\n"), {
      hint: "the CNI specification, section 1, lists the keys of a network configuration",
    });
  }
  const { name, cniVersion, cniVersions = [], disableCheck, disableGC, plugins } = parsed.data;
  const versions = [...new Set([...(cniVersion === undefined ? [] : [cniVersion]), ...cniVersions])];
  return { name, versions, disableCheck, disableGC, plugins };
}

function isSingle(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && "type" in value && !("plugins" in value);
}

function asList({
  cniVersion,
  cniVersions,
  name,
  disableCheck,
  disableGC,
  ...plugin
}: Record<string, unknown>) {
  return { cniVersion, cniVersions, name, disableCheck, disableGC, plugins: [plugin] };
}
