import { ConfigurationError } from "#harness/cni/protocol/errors.ts";
import {
  describeEnd,
  type Invocation,
  invokePlugin,
  reportedError,
  reproduceInvocation,
} from "#harness/cni/protocol/invocation.ts";
import { findObstacle } from "#harness/cni/testbed/chain/obstacle.ts";
import type { PluginUnderTest } from "#harness/cni/testbed/container.ts";
import { Testbed } from "#harness/cni/testbed/testbed.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { parseJson } from "#harness/core/text/json.ts";
import type { PluginKind } from "#suites/requirements/applicability/applies-to.ts";

/** What the first attachment of a run has shown of the plugin, before any rule is judged. Plain JSON. */
export interface ReferenceAttachment {
  readonly kind: PluginKind;
  /** The first line that the plugin says of itself when it is called without a command, e.g. `CNI bridge plugin v1.9.1`. */
  readonly about?: string;
  /** What it leaves permanently, e.g. the bridge; no leak unless it grows. */
  readonly infrastructure: readonly string[];
  /** Why nothing can be attached on this machine. */
  readonly blocked?: string;
  /** Why the plugin cannot be called at all as it was named. */
  readonly unusable?: string;
  /** An ADD that failed, or whose answer cannot be read: what needs an attachment cannot be judged. */
  readonly failed?: FailedAttachment;
}

export interface FailedAttachment {
  readonly invocation: Invocation;
  /** Shell lines that repeat it. */
  readonly steps: readonly string[];
}

/**
 * Attaches one container as the profile says, and takes it back. Where `kind` is not known, it is found out: a plugin that works alone makes
 * an interface or answers addresses, one that works with prevResult is chained. Where the user has `given` the configuration, a
 * plugin that refuses it, whatever the code, is a mistake of the configuration: throws `ConfigurationError` with the plugin's words.
 */
export async function attachForReference(
  plugin: PluginUnderTest,
  kind: PluginKind | undefined,
  given: "CONFIG" | "PROFILE" | undefined,
): Promise<ReferenceAttachment> {
  const obstacle = await findObstacle(plugin.host, plugin.profile);
  const [first = "interface", ...others]: PluginKind[] = kind ? [kind] : ["interface", "chained"];
  if (obstacle !== undefined) return { kind: first, infrastructure: [], blocked: obstacle };
  const tried = [await tryAs(plugin, first)];
  for (const other of others) if (tried.at(-1)?.failed) tried.push(await tryAs(plugin, other));
  const found = tried.find(({ failed }) => !failed);
  if (found) return kind ? { ...found, kind } : found;
  const failures = tried.flatMap(({ failed }) => failed ?? []);
  if (given && failures.every(({ invocation }) => isRefusal(invocation))) refuse(plugin, given, failures);
  return tried[0] as ReferenceAttachment;
}

/** As plugins made with the reference library do it: a line on stderr, and exit code 0. */
export async function readAbout({ host, type, path }: PluginUnderTest): Promise<string | undefined> {
  const { code, stderr } = await invokePlugin(host, {
    plugin: type,
    path,
    env: {},
    stdin: "",
    deadlineMs: 5_000,
  });
  const [line = ""] = stderr.trim().split("\n", 1);
  return code === 0 && line !== "" ? line.slice(0, 200) : undefined;
}

async function tryAs(plugin: PluginUnderTest, kind: PluginKind): Promise<ReferenceAttachment> {
  await using scope = new Scope("the reference attachment");
  const testbed = await Testbed.open({ ...plugin, profile: { ...plugin.profile, kind } }, scope);
  // Who waits for what is going would take a line that cannot be run for one that has nothing to tell yet.
  if (plugin.profile.state !== undefined) await testbed.state();
  const container = await testbed.container();
  const invocation = await testbed.call("ADD", container);
  const steps = testbed.steps();
  const infrastructure = await testbed.settle();
  if (invocation.code !== 0 || !container.result)
    return { kind, infrastructure, failed: { invocation, steps } };
  const answer = parseJson(invocation.stdout);
  const alone = kind === "interface" && answer.ok;
  const hasInterfaces =
    answer.ok && typeof answer.value === "object" && answer.value !== null && "interfaces" in answer.value;
  return { kind: alone && !hasInterfaces ? "ipam" : kind, infrastructure };
}

/** Whether the plugin has answered that it will not: a crash, a hang or garbage is something else. */
function isRefusal(invocation: Invocation): boolean {
  return invocation.code !== null && invocation.code !== 0 && "error" in reportedError(invocation);
}

function refuse(plugin: PluginUnderTest, given: string, failures: readonly FailedAttachment[]): never {
  const words = failures.map(({ invocation }, index) =>
    index === 0 ? describeEnd(invocation) : `with prevResult: ${describeEnd(invocation)}`,
  );
  const [first] = failures;
  throw new ConfigurationError(
    `${given}: ${plugin.path} refuses to attach a container with it\n  ${words.join("\n  ")}`,
    {
      hint: `correct the configuration${given === "PROFILE" ? ", or say in needs what this machine has not" : ""}; ${failures.length > 1 ? "KIND says what the plugin is; " : ""}the call by hand: ${first ? reproduceInvocation(first.invocation) : ""}`,
    },
  );
}
