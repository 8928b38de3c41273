import { ConfigurationError, NotTakenBack, PluginFailure } from "#harness/cni/protocol/errors.ts";
import { isInterfaceName } from "#harness/cni/protocol/interface-name.ts";
import {
  describeError,
  type Invocation,
  invokePlugin,
  reportedError,
  shorten,
} from "#harness/cni/protocol/invocation.ts";
import {
  type CniAttachment,
  type CniCommand,
  deriveEnvironment,
  deriveRequest,
  type ValidAttachment,
} from "#harness/cni/protocol/request.ts";
import {
  type AddResult,
  readAddResult,
  readVersionResult,
  type VersionResult,
} from "#harness/cni/protocol/result.ts";
import { atLeast, negotiateVersion } from "#harness/cni/protocol/version.ts";
import { HarnessError, messageOf } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import { type SpecVersion, specVersions } from "#suites/requirements/spec-version.ts";
import { findPlugin } from "./binary.ts";
import { type CachedAttachment, ResultCache } from "./cache.ts";
import { identifierPattern, type NetworkConfig, type PluginConfig } from "./config.ts";
import { OperationLocks } from "./locks.ts";

export interface RuntimeOptions {
  /** Where the plugins run. */
  readonly host: Host;
  /** Folders with plugins on the host, searched in order; becomes `CNI_PATH`. */
  readonly path: readonly string[];
  /** Folder on the host for results; default `/run/netconform/cni`. */
  readonly cacheFolder?: string;
  /** Spec versions to speak; default all. */
  readonly versions?: readonly SpecVersion[];
  /** Milliseconds that one plugin call may take before it is killed; default 30 000. */
  readonly deadlineMs?: number;
  /** argv in front of every plugin, to choose the runtime's networking domain. */
  readonly prefix?: readonly string[];
  /** Called with every plugin call, in the order in which they end. */
  readonly observe?: (invocation: Invocation) => void;
}

interface Step {
  network: NetworkConfig;
  plugin: PluginConfig;
  version: SpecVersion;
  attachment?: CniAttachment;
  prevResult?: AddResult | undefined;
  validAttachments?: readonly ValidAttachment[];
}

/**
 * A CNI runtime over a host's `exec`: what a container engine does with a network configuration, as the specification
 * (sections 2 and 3, versions 0.3.1 to 1.1.0) has it.
 *
 * - A plugin that fails, hangs or answers garbage: `PluginFailure` with the call and its answer.
 * - A configuration or a plugin folder that cannot work: `ConfigurationError`, and no plugin has been run.
 *
 * Operations on one container take turns, GC runs alone; this holds for one `CniRuntime` object.
 */
export class CniRuntime {
  readonly host: Host;
  readonly #options: RuntimeOptions;
  readonly #cache: ResultCache;
  readonly #locks = new OperationLocks();
  readonly #found = new Map<string, Promise<string>>();

  constructor(options: RuntimeOptions) {
    this.host = options.host;
    this.#options = options;
    this.#cache = new ResultCache(options.host, options.cacheFolder ?? "/run/netconform/cni");
  }

  /**
   * ADD of every plugin in order, each with the result of the one before. Keeps and resolves to the last result.
   * After a failure, also one of the host, DEL of the whole list follows at once, past failures; these are told after the first one
   * (`cleanupOf`).
   */
  async add(network: NetworkConfig, attachment: CniAttachment): Promise<AddResult> {
    const version = await this.#prepare(network, attachment);
    return this.#locks.forContainer(attachment.containerId, async () => {
      let result: AddResult | undefined;
      try {
        for (const plugin of network.plugins) {
          const step = { network, plugin, version, attachment, prevResult: result };
          result = this.#resultOf(await this.#call("ADD", step), version);
        }
        if (!result) throw new ConfigurationError(`network ${network.name} has no plugins`);
        await this.#cache.store(cacheEntry(network, attachment, result));
        return result;
      } catch (error) {
        throw await this.#cleanUp(error, network, version, attachment);
      }
    });
  }

  /** DEL of every plugin in reverse order with ADD's final result; halts at the first failure. Repeatable. */
  async del(network: NetworkConfig, attachment: CniAttachment): Promise<void> {
    const version = await this.#prepare(network, attachment);
    await this.#locks.forContainer(attachment.containerId, () => this.#del(network, version, attachment));
  }

  /**
   * CHECK of every plugin with ADD's final result. Calls nothing when the configuration has `disableCheck`.
   * `ConfigurationError` below 0.4.0, `HarnessError` when the attachment was never added.
   */
  async check(network: NetworkConfig, attachment: CniAttachment): Promise<void> {
    if (network.disableCheck) return;
    const version = await this.#prepare(network, attachment);
    if (!atLeast(version, "0.4.0")) {
      throw new ConfigurationError(
        `network ${network.name}: CHECK needs CNI 0.4.0, ${version} was negotiated`,
      );
    }
    await this.#locks.forContainer(attachment.containerId, async () => {
      const cached = await this.#cache.load(network.name, attachment);
      if (!cached) {
        throw new HarnessError(
          `CHECK of ${attachment.containerId}/${attachment.ifName}: not attached to ${network.name}`,
          { hint: "a runtime must not CHECK what was not ADDed, or was DELeted since" },
        );
      }
      for (const plugin of network.plugins) {
        succeeded(
          await this.#call("CHECK", { network, plugin, version, attachment, prevResult: cached.result }),
        );
      }
    });
  }

  /**
   * Deletes what this runtime added to the network and `valid` does not list, then GC of every plugin, also past
   * failures; throws them together. Below 1.1.0 only the deletions; nothing at all with `disableGC`.
   */
  async gc(network: NetworkConfig, valid: readonly ValidAttachment[]): Promise<void> {
    if (network.disableGC) return;
    const version = await this.#prepare(network);
    await this.#locks.exclusively(async () => {
      const failures: unknown[] = [];
      for (const cached of await this.#cache.list(network.name)) {
        const listed = valid.some(
          (one) => one.containerId === cached.containerId && one.ifName === cached.ifName,
        );
        if (listed) continue;
        await this.#del(network, version, attachmentOf(cached)).catch((error) => failures.push(error));
      }
      if (atLeast(version, "1.1.0")) {
        for (const plugin of network.plugins) {
          const invocation = await this.#call("GC", { network, plugin, version, validAttachments: valid });
          if (invocation.code !== 0) failures.push(failureOf(invocation));
        }
      }
      if (failures.length === 1) throw failures[0];
      if (failures.length > 1) throw new AggregateError(failures, failures.map(String).join("\n"));
    });
  }

  /** STATUS of every plugin; the first that cannot serve an ADD throws. Calls nothing below 1.1.0. */
  async status(network: NetworkConfig): Promise<void> {
    const version = await this.#prepare(network);
    if (!atLeast(version, "1.1.0")) return;
    for (const plugin of network.plugins) {
      succeeded(await this.#call("STATUS", { network, plugin, version }));
    }
  }

  /** What this runtime has added to the network and not deleted, as it is kept on the host. */
  attachments(network: Pick<NetworkConfig, "name">): Promise<CachedAttachment[]> {
    return this.#cache.list(network.name);
  }

  /** What the plugin called `type` says it speaks. */
  async version(type: string): Promise<VersionResult> {
    const version = specVersions[specVersions.length - 1] as SpecVersion;
    const invocation = await this.#invoke(type, "VERSION", JSON.stringify({ cniVersion: version }));
    succeeded(invocation);
    const read = readVersionResult(invocation.stdout);
    if (read.ok) return read.value;
    throw new PluginFailure(invocation, "cniVersion and supportedVersions", read.reason);
  }

  /** Everything that can be wrong before a plugin is run. */
  async #prepare(network: NetworkConfig, attachment?: CniAttachment): Promise<SpecVersion> {
    if (attachment) refuseAttachment(attachment);
    const version = negotiateVersion(network.versions, this.#options.versions);
    for (const { type, ipam } of network.plugins) {
      await this.#find(type);
      const delegate = delegateType(ipam);
      if (delegate) await this.#find(delegate);
    }
    return version;
  }

  #find(type: string): Promise<string> {
    const known = this.#found.get(type);
    if (known) return known;
    const looking = findPlugin(this.host, this.#options.path, type);
    this.#found.set(type, looking);
    looking.catch(() => this.#found.delete(type));
    return looking;
  }

  async #call(command: CniCommand, { attachment, ...request }: Step): Promise<Invocation> {
    const stdin = JSON.stringify(deriveRequest({ ...request, capabilityArgs: attachment?.capabilityArgs }));
    return this.#invoke(request.plugin.type, command, stdin, attachment);
  }

  async #invoke(
    type: string,
    command: CniCommand,
    stdin: string,
    attachment?: CniAttachment,
  ): Promise<Invocation> {
    const { path, prefix, deadlineMs, observe } = this.#options;
    const invocation = await invokePlugin(this.host, {
      plugin: type,
      path: await this.#find(type),
      env: deriveEnvironment(command, path, attachment),
      stdin,
      ...(prefix && { prefix }),
      ...(deadlineMs !== undefined && { deadlineMs }),
    });
    observe?.(invocation);
    return invocation;
  }

  #resultOf(invocation: Invocation, version: SpecVersion): AddResult {
    succeeded(invocation);
    const read = readAddResult(invocation.stdout);
    if (!read.ok) throw new PluginFailure(invocation, "a result in JSON on stdout", read.reason);
    if (read.value.cniVersion === version) return read.value;
    throw new PluginFailure(invocation, `a result of CNI ${version}`, `one of CNI ${read.value.cniVersion}`);
  }

  /** What DEL is given of the ADD before it. */
  async #prevResultOf(
    network: NetworkConfig,
    version: SpecVersion,
    attachment: CniAttachment,
  ): Promise<AddResult | undefined> {
    const cached = await this.#cache.load(network.name, attachment);
    return atLeast(version, "0.4.0") ? cached?.result : undefined;
  }

  async #del(network: NetworkConfig, version: SpecVersion, attachment: CniAttachment): Promise<void> {
    const prevResult = await this.#prevResultOf(network, version, attachment);
    for (const plugin of network.plugins.toReversed()) {
      succeeded(await this.#call("DEL", { network, plugin, version, attachment, prevResult }));
    }
    await this.#cache.remove(network.name, attachment);
  }

  /**
   * DEL of the whole list: the plugins before and after the one that failed may both hold something. Resolves to what failed of it;
   * what is kept of the attachment is forgotten where nothing did.
   */
  async #takeBack(
    network: NetworkConfig,
    version: SpecVersion,
    attachment: CniAttachment,
  ): Promise<readonly Error[]> {
    const failed: Error[] = [];
    const attempt = async <T>(what: string, work: Promise<T>): Promise<T | undefined> => {
      try {
        return await work;
      } catch (error) {
        failed.push(whileTakingBack(what, error));
        return undefined;
      }
    };
    // Of an ADD before, which this one did not replace.
    const prevResult = await attempt(
      "reading the kept result",
      this.#prevResultOf(network, version, attachment),
    );
    for (const plugin of network.plugins.toReversed()) {
      const deleting = this.#call("DEL", { network, plugin, version, attachment, prevResult }).then(
        succeeded,
      );
      await attempt(`DEL of ${plugin.type}`, deleting);
    }
    if (failed.length === 0)
      await attempt("forgetting the kept result", this.#cache.remove(network.name, attachment));
    return failed;
  }

  /** A failed ADD, once everything of it is taken back. */
  async #cleanUp(
    failure: unknown,
    network: NetworkConfig,
    version: SpecVersion,
    attachment: CniAttachment,
  ): Promise<unknown> {
    const cleanup = await this.#takeBack(network, version, attachment);
    if (cleanup.length === 0) return failure;
    return failure instanceof PluginFailure
      ? PluginFailure.notTakenBack(failure, cleanup)
      : new NotTakenBack(failure, cleanup);
  }
}

/** What the host says does not name what it was asked for. */
function whileTakingBack(what: string, error: unknown): Error {
  if (error instanceof PluginFailure) return error;
  return new HarnessError(`${what}: ${messageOf(error)}`, { cause: error });
}

function refuseAttachment({ containerId, ifName }: CniAttachment): void {
  if (!identifierPattern.test(containerId)) {
    throw new ConfigurationError(
      `container id ${JSON.stringify(containerId)}: expected a letter or digit, then letters, digits, '_', '.', '-'`,
    );
  }
  if (!isInterfaceName(ifName)) {
    throw new ConfigurationError(
      `interface name ${JSON.stringify(ifName)}: expected 1 to 15 characters, not '.' or '..', no '/', ':' or white space`,
    );
  }
}

function delegateType(ipam: unknown): string | undefined {
  const type = typeof ipam === "object" && ipam !== null && "type" in ipam ? ipam.type : undefined;
  return typeof type === "string" && type !== "" ? type : undefined;
}

function succeeded(invocation: Invocation): void {
  if (invocation.code !== 0) throw failureOf(invocation);
}

function failureOf(invocation: Invocation): PluginFailure {
  if (invocation.timedOut) {
    return new PluginFailure(
      invocation,
      "an answer",
      `none within ${Math.round(invocation.durationMs)} ms; the plugin was killed`,
    );
  }
  const reported = reportedError(invocation);
  if (!("error" in reported)) {
    const end = invocation.code === null ? `signal ${invocation.signal}` : `exit ${invocation.code}`;
    return new PluginFailure(invocation, "success or an error object", `${end} and ${reported.reason}`);
  }
  const { error } = reported;
  return new PluginFailure(invocation, "success", `error ${error.code}: ${shorten(describeError(error))}`, {
    error,
  });
}

function cacheEntry(network: NetworkConfig, attachment: CniAttachment, result: AddResult): CachedAttachment {
  const { args, capabilityArgs, ...identity } = attachment;
  return {
    network: network.name,
    ...identity,
    ...(args && { args: { ...args } }),
    ...(capabilityArgs && { capabilityArgs: { ...capabilityArgs } }),
    result,
  };
}

function attachmentOf({ containerId, netns, ifName, args, capabilityArgs }: CachedAttachment): CniAttachment {
  return { containerId, netns, ifName, ...(args && { args }), ...(capabilityArgs && { capabilityArgs }) };
}
