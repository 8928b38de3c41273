import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { AddResult } from "#harness/cni/protocol/result.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { isLoss, Nonconformance } from "#harness/core/errors.ts";
import { addressOf, familyOf, isCidr, prefixOf } from "#harness/core/ip.ts";
import type { ExecOptions, ExecResult } from "#harness/host/host.ts";
import { listLinks, parseLinks } from "#harness/workload/links.ts";
import { NamespacedWorkload, type WorkloadIdentity } from "#harness/workload/namespaced.ts";
import type { Workload } from "#harness/workload/workload.ts";

/** A network namespace that plugins can put interfaces into. */
export interface Sandbox {
  readonly name: string;
  /** The CNI container id. */
  readonly id: string;
  readonly node: ClusterNode;
  /** Path on the node. */
  readonly netns: string;
  /** Whether it is of a container of the node's engine. */
  readonly ofEngine?: boolean;
  /** What somebody types for `exec`; left out: what is typed for a container of the engine. */
  readonly byHand?: Workload["byHand"];
  /** Runs in the container whose namespace it is; left out: it is nobody's. */
  readonly exec?: Workload["exec"];
}

/** One interface of a sandbox in a CNI network; the sandbox may have others. */
export class CniWorkload extends NamespacedWorkload {
  /** What ADD answered. */
  readonly result: AddResult;
  readonly sandbox: Sandbox;
  readonly #remove: () => Promise<void>;
  #removed: Promise<void> | undefined;

  constructor(
    scope: Scope,
    identity: WorkloadIdentity,
    given: { sandbox: Sandbox; result: AddResult; remove: () => Promise<void> },
  ) {
    super(scope, identity);
    this.sandbox = given.sandbox;
    this.result = given.result;
    this.#remove = given.remove;
  }

  override get ofEngine(): boolean {
    return this.sandbox.ofEngine ?? false;
  }

  override byHand(argv: readonly string[]): readonly string[] {
    return this.sandbox.byHand?.(argv) ?? super.byHand(argv);
  }

  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult> {
    return this.sandbox.exec?.(argv, options) ?? this.inNetns(argv, options);
  }

  /** DEL, once; again where it was not seen to its end. */
  detach(): Promise<void> {
    this.#removed ??= this.#remove().catch((error: unknown) => {
      if (isLoss(error)) this.#removed = undefined;
      throw error;
    });
    return this.#removed;
  }
}

/** An interface that a sandbox was given, as its workload; `remove` is what takes it away again. */
export async function workloadOf(
  scope: Scope,
  given: { sandbox: Sandbox; ifName: string; result: AddResult; remove: () => Promise<void> },
): Promise<CniWorkload> {
  const { sandbox, ifName, result, remove } = given;
  const { name, id, node, netns } = sandbox;
  const { ip, prefix, mac } = addressIn(result, ifName, `${node.name}: ADD of ${name}`);
  const [nameserver] = result.dns?.nameservers ?? [];
  const identity = {
    ...{ name, id, node, ip, prefix, netns },
    mac: mac ?? (await macOf(sandbox, ifName)),
    ...(nameserver === undefined ? {} : { nameserver }),
  };
  return new CniWorkload(scope, identity, { sandbox, result, remove });
}

/** The convention by which runtimes tell plugins the name beside the id. */
export const nameArgument = "K8S_POD_NAME";

/** The name a container was attached under, from the arguments of its ADD. */
export function attachedName({ args }: { args?: Readonly<Record<string, string>> | undefined }): string {
  return args?.[nameArgument] ?? "";
}

/**
 * The container's IPv4 address and MAC in an ADD result (specification, section 5, "ADD Success").
 * Throws `Nonconformance` when it has no address for the container.
 */
export function addressIn(
  result: AddResult,
  ifName: string,
  who: string,
): { ip: string; prefix: number; mac: string | undefined } {
  const { interfaces = [], ips = [] } = result;
  const found = ips.find(
    ({ address, interface: index }) =>
      isCidr(address) &&
      familyOf(address) === 4 &&
      (index === undefined || interfaces[index]?.name === ifName),
  );
  if (!found) {
    throw new Nonconformance({
      who,
      expected: `an IPv4 address for ${ifName}`,
      got: ips.map(({ address }) => address).join(", ") || "none",
    });
  }
  const mac = interfaces.find(({ name, sandbox }) => name === ifName && sandbox)?.mac;
  return { ip: addressOf(found.address), prefix: prefixOf(found.address), mac };
}

/** A result need not tell the MAC. */
async function macOf({ node, netns }: Sandbox, ifName: string): Promise<string> {
  const links = parseLinks(await node.run(["nsenter", `--net=${netns}`, ...listLinks]));
  return links.find(({ name }) => name === ifName)?.mac ?? "";
}

/** Whether a workload was attached through CNI. */
export function isCniWorkload(workload: Workload): workload is CniWorkload {
  return workload instanceof CniWorkload;
}
