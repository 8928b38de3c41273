import type { Level } from "#suites/requirements/requirement.ts";
import type { SpecVersion } from "#suites/requirements/spec-version.ts";

/** One rule that a CNI runtime can keep or break. No plugin's verdict depends on it. */
export interface RuntimeRule {
  /** The rule in plain English, as an obligation. */
  readonly title: string;
  readonly level: Level;
  readonly source: { readonly text: string; readonly url: string };
  /** Version of the specification that a runtime has to speak before the rule is asked of it. */
  readonly since?: SpecVersion;
}

const repository = "https://github.com/containernetworking/cni/blob";
const newest = `${repository}/spec-v1.1.0/SPEC.md`;
const older = `${repository}/spec-v0.4.0/SPEC.md`;

function section(text: string, anchor: string, { url = newest, since }: Source = {}) {
  return (level: Level, title: string): RuntimeRule => ({
    ...{ title, level },
    source: { text: `CNI specification, ${text}`, url: `${url}#${anchor}` },
    ...(since && { since }),
  });
}

interface Source {
  readonly url?: string;
  readonly since?: SpecVersion;
}

const lifecycle = section("section 3, Lifecycle & Ordering", "lifecycle--ordering");
const garbageAlone = section("section 3, Lifecycle & Ordering", "lifecycle--ordering", { since: "1.1.0" });
const overview = section("section 2, Overview", "section-2-execution-protocol");
const adding = section("section 3, Adding an attachment", "adding-an-attachment");
const deleting = section("section 3, Deleting an attachment", "deleting-an-attachment");
const checking = section("section 3, Checking an attachment", "checking-an-attachment");
const attachment = section("section 3, Attachment Parameters", "attachment-parameters");
const parameters = section("section 2, Parameters", "parameters");
const request = section(
  "section 3, Deriving request configuration from plugin configuration",
  "deriving-request-configuration-from-plugin-configuration",
);
const runtimeConfig = section("section 3, Deriving runtimeConfig", "deriving-runtimeconfig");
const versions = section("section 1, Version considerations", "version-considerations");
const format = section("section 1, Configuration format", "configuration-format");
const check = section("section 2, CHECK", "check-check-containers-networking-is-as-expected");
const collecting = section("section 3, Garbage-collecting a network", "garbage-collecting-a-network", {
  since: "1.1.0",
});
const gc = section("section 2, GC", "gc-clean-up-any-stale-resources", { since: "1.1.0" });
const status = section("section 2, STATUS", "status-check-plugin-status", { since: "1.1.0" });
const disabled = section("main, section 1, Configuration format", "configuration-format", {
  url: `${repository}/main/SPEC.md`,
  since: "1.1.0",
});
const oldParameters = section("version 0.4.0, Parameters", "parameters", { url: older });
const oldErrors = section(
  "version 0.4.0, Network configuration list error handling",
  "network-configuration-list-error-handling",
  { url: older },
);

/** The runtime side of the CNI specification: what is judged by the calls that a runtime makes. */
export const runtimeRules = {
  R1a: lifecycle("MUST", "the network namespace is there before a plugin is called"),
  R1b: overview("MUST", "plugins run in the runtime's own network namespace"),

  R2a: adding("MUST", "ADD calls every plugin of the list once, in its order"),
  R2b: deleting("MUST", "DEL calls every plugin of the list once, in reverse order"),
  R2c: checking("MUST", "CHECK calls every plugin of the list once, in its order"),
  R2d: lifecycle("MUST", "every plugin that was added is deleted in the end, also after a DEL that failed"),

  R3a: request("MUST", "the first ADD of a list has no prevResult"),
  R3b: adding("MUST", "every further ADD has the result of the one before as prevResult"),
  R3c: deleting("MUST", "every DEL has the final result of ADD as prevResult"),
  R3d: checking("MUST", "every CHECK has the final result of ADD as prevResult"),
  R3e: adding("MUST", "the result of ADD outlives the process that called it"),
  R3f: oldParameters("MUST", "the result of ADD stays until a DEL succeeds"),
  R3g: oldParameters("MUST", "the result of ADD goes with a successful DEL"),

  R4a: adding("MUST", "no plugin is called after one that refused ADD"),
  R4b: adding("MUST", "the error of a plugin's ADD reaches the caller"),
  R4c: lifecycle("MUST", "a failed ADD is followed by DEL"),
  R4d: oldErrors("SHOULD", "the DEL that follows a failed ADD goes to every plugin of the list"),
  R4e: deleting("MUST", "no plugin is called after one that refused DEL"),
  R4f: deleting("MUST", "the error of a plugin's DEL reaches the caller"),
  R4g: checking("MUST", "the error of a plugin's CHECK reaches the caller"),

  R5a: lifecycle("MUST", "no two operations on one container run at once"),
  R5b: lifecycle("MAY", "an operation on one container does not wait for that on another"),
  R5c: garbageAlone("MUST", "GC runs beside no ADD and no DEL"),

  R6a: attachment("MUST", "ADD has command, container id, network namespace and interface name"),
  R6b: attachment(
    "MUST",
    "a container id begins with a letter or digit and goes on with those, '_', '.', '-'",
  ),
  R6c: attachment("MUST", "CNI_PATH names the folder of the plugin that is called"),
  R6d: parameters("MUST", "the interface names of a container differ, and Linux allows them"),
  R6e: parameters("MUST", "CNI_ARGS is pairs of key and value with semicolons between"),
  R6f: oldParameters("SHOULD", "DEL has the parameters of its ADD"),
  R6g: checking("MUST", "CHECK has the parameters of its ADD"),
  R6h: collecting("MUST", "GC has no parameters of an attachment"),

  R7a: request("MUST", "a plugin gets the configuration of one plugin, a JSON object, on stdin"),
  R7b: versions("MUST", "cniVersion is the highest that configuration and runtime know"),
  R7c: request("MUST", "name is that of the network"),
  R7d: request("SHOULD", "what the runtime does not know reaches the plugin as it was written"),
  R7e: request("MUST", "capabilities reaches no plugin at ADD, DEL and CHECK"),
  R7f: runtimeConfig("SHOULD", "a capability argument reaches the plugins that declare it"),
  R7g: runtimeConfig("MUST", "a capability argument reaches no other plugin"),
  R7h: request("MAY", "reserved keys (cni.dev/) of the configuration reach no plugin"),

  R8a: format("MUST", "CHECK calls nothing where disableCheck is set"),
  R8b: disabled("MUST", "GC calls nothing where disableGC is set"),
  R8c: check("MUST", "CHECK calls nothing for a container that was not added"),
  R8d: versions("MUST", "no plugin is called with a command that the version of the list does not have"),

  R9a: gc("MUST", "GC lists exactly the attachments that are still valid"),
  R9b: gc("MUST", "GC takes no DEL's place: what is not valid any more is deleted first"),
  R9c: collecting("MUST", "GC goes on after an error, and all errors reach the caller"),
  R9d: status("MUST", "the error of a plugin's STATUS reaches the caller"),
  R9e: collecting("MUST", "GC calls every plugin of the list"),
} as const satisfies Readonly<Record<string, RuntimeRule>>;

export type RuntimeRuleId = keyof typeof runtimeRules;
export const runtimeRuleIds = Object.keys(runtimeRules) as RuntimeRuleId[];

/** The rule behind an id. */
export function runtimeRuleOf(id: RuntimeRuleId): RuntimeRule {
  return runtimeRules[id];
}
