import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { ProbeAgent } from "#harness/host/agent/agent.ts";
import type { ExecOptions, ExecResult } from "#harness/host/host.ts";

/** One interface, from `ip -json -details address`. */
export interface Link {
  /** Name, e.g. `eth0`. */
  name: string;
  index: number;
  /** Index of the other end of a veth pair; absent for other kinds. */
  peerIndex?: number;
  /** `veth`, `vxlan`, `bridge`, …; empty for loopback and hardware. */
  kind: string;
  mac: string;
  /** Bytes. */
  mtu: number;
  up: boolean;
  /** Name of the bridge it is a port of. */
  master?: string;
  /** CIDRs, link-local ones included. */
  addresses: string[];
}

/** Something with a network namespace that a plugin gave interfaces to: a container, or a bare namespace. */
export interface Workload {
  readonly name: string;
  /** Container id (CNM) or the CNI container id. */
  readonly id: string;
  readonly node: ClusterNode;
  /** IPv4 address on the network it was started in, without prefix. */
  readonly ip: string;
  /** Prefix length of `ip`. */
  readonly prefix: number;
  readonly mac: string;
  /** Path of its network namespace on the node, e.g. `/proc/4711/ns/net`. */
  readonly netns: string;
  /** Name server that it asks first; absent: the engine's embedded DNS. */
  readonly nameserver?: string;
  /** Whether it is a container that its node's engine knows. */
  readonly ofEngine: boolean;
  /** Its interfaces as the kernel describes them, loopback included. */
  links(): Promise<Link[]>;
  /** Runs inside the workload as its user would see it: file system, resolver and all. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** What somebody types on its node for `exec`. */
  byHand(argv: readonly string[]): readonly string[];
  /** Runs a tool of the node inside the workload's network namespace; needs nothing from the image. */
  inNetns(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** The probe agent in its network namespace, started on first use. */
  agent(): Promise<ProbeAgent>;
}
