import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { ProbeAgent } from "#harness/host/agent/agent.ts";
import type { ExecOptions, ExecResult } from "#harness/host/host.ts";
import { listLinks, parseLinks } from "./links.ts";
import type { Link, Workload } from "./workload.ts";

/** What a workload is, apart from how one runs commands in it. */
export type WorkloadIdentity = Pick<
  Workload,
  "name" | "id" | "node" | "ip" | "prefix" | "mac" | "netns" | "nameserver"
>;

/** A workload as far as its network namespace tells; its agent ends with `scope`. */
export abstract class NamespacedWorkload implements Workload {
  readonly name: string;
  readonly id: string;
  readonly node: ClusterNode;
  readonly ip: string;
  readonly prefix: number;
  readonly mac: string;
  readonly netns: string;
  readonly nameserver?: string;
  readonly #scope: Scope;
  #agent: Promise<ProbeAgent> | undefined;

  constructor(scope: Scope, identity: WorkloadIdentity) {
    this.#scope = scope;
    this.name = identity.name;
    this.id = identity.id;
    this.node = identity.node;
    this.ip = identity.ip;
    this.prefix = identity.prefix;
    this.mac = identity.mac;
    this.netns = identity.netns;
    if (identity.nameserver !== undefined) this.nameserver = identity.nameserver;
  }

  get ofEngine(): boolean {
    return true;
  }

  byHand(argv: readonly string[]): readonly string[] {
    return ["docker", "exec", this.name, ...argv];
  }

  abstract exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;

  async links(): Promise<Link[]> {
    const listed = await this.inNetns(listLinks);
    if (listed.code !== 0) throw new HarnessError(`${this.node.name}: ${listed.stderr.trim()}`);
    return parseLinks(listed.stdout);
  }

  inNetns(argv: readonly string[], options?: ExecOptions): Promise<ExecResult> {
    return this.node.exec(["nsenter", `--net=${this.netns}`, ...argv], options);
  }

  agent(): Promise<ProbeAgent> {
    this.#agent ??= ProbeAgent.start(this.node, this.netns).then((agent) => {
      this.#scope.defer(`probe agent of ${this.name}`, () => agent.close());
      return agent;
    });
    return this.#agent;
  }
}

/** `docker exec` in a container of the node's engine. */
export function execInContainer(
  node: ClusterNode,
  container: string,
  argv: readonly string[],
  options?: ExecOptions,
): Promise<ExecResult> {
  const input = options?.input === undefined ? [] : ["--interactive"];
  return node.exec(["docker", "exec", ...input, container, ...argv], options);
}
