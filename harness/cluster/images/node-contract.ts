import type Docker from "dockerode";
import type { WorkloadRuntimeName } from "#harness/core/settings/schema.ts";

/** What a node, or a container on it, cannot do without a capability. */
interface Need {
  /** Whether it is named when the container is made; an engine gives the others to every container. */
  readonly added?: true;
  /** `boot`: the node is not ready; `container`: its engine runs none. */
  readonly stops: "boot" | "container";
  /** For people: what fails first. */
  readonly without: string;
}

const unableToApply =
  "runc gives a container all that Docker's default names, and cannot give what the node has not";

/** All capabilities of a node's container. Each was taken away alone: docs/clusters.md has what happens then. */
export const nodeCapabilities = {
  NET_ADMIN: { added: true, stops: "boot", without: "dockerd makes no NAT chain and ends" },
  SYS_ADMIN: { added: true, stops: "boot", without: "no mount, so neither `/sys` nor control groups" },
  CHOWN: { stops: "boot", without: "dockerd makes no socket and ends" },
  DAC_OVERRIDE: { stops: "boot", without: "dockerd ends before it answers" },
  MKNOD: { stops: "boot", without: "no `/dev/net/tun`" },
  FOWNER: { stops: "container", without: unableToApply },
  FSETID: { stops: "container", without: unableToApply },
  KILL: { stops: "container", without: unableToApply },
  NET_BIND_SERVICE: { stops: "container", without: unableToApply },
  NET_RAW: { stops: "container", without: unableToApply },
  SETFCAP: { stops: "container", without: unableToApply },
  SETGID: { stops: "container", without: "runc cannot set the groups of a container's first process" },
  SETPCAP: { stops: "container", without: unableToApply },
  SETUID: { stops: "container", without: unableToApply },
  SYS_CHROOT: { stops: "container", without: unableToApply },
  AUDIT_WRITE: { stops: "container", without: unableToApply },
} as const satisfies Readonly<Record<string, Need>>;

/** What else nodes are given for the setting RUNTIME, and what cannot be done without. No other host of a cluster has it. */
export const runtimeCapabilities = {
  netconform: {},
  podman: {},
  containerd: {
    // From 1.2 on, runc opens the mount namespace of every container that it makes. Where that joins a namespace that is there, as
    // a pod does, its first process cannot be dumped, and the kernel lets nobody else look at it.
    SYS_PTRACE:
      "runc from 1.2 on may not open the mount namespace of a container that joins another's network: containerd starts no pod",
  },
} as const satisfies Readonly<Record<WorkloadRuntimeName, Readonly<Record<string, string>>>>;

/** Those that are named when the container is made. */
const added = Object.entries<Need>(nodeCapabilities).flatMap(([name, need]) => (need.added ? [name] : []));

/**
 * How a container of the node image has to be created, and what can be relied on in it. The image itself declares
 * its entry point (`tini -- netconform-node`) and the volume /var/lib/docker (overlayfs does not stack on the
 * node's own overlayfs), which goes with the container when that is removed with `v: true`. The interfaces
 * are eth0, eth1, eth2 in the order in which networks are attached; the engine does not wait for them.
 *
 * This is the least that works, tried one by one; `--privileged` is not needed.
 */
export const nodeHostConfig = {
  CapAdd: added,
  // The engine inside makes session keyrings and mounts, which the default profiles forbid.
  SecurityOpt: ["seccomp=unconfined", "apparmor=unconfined"],
  CgroupnsMode: "private",
  Tmpfs: { "/run": "exec,mode=755", "/tmp": "exec,mode=1777" },
} satisfies Docker.HostConfig & { CgroupnsMode: "private" };

/** Lines in a node container's log. */
export const nodeLogLines = {
  /** sshd accepts connections. */
  ssh: "netconform-node: sshd listens",
  /** The engine answers too; with ROLE=external right after `ssh`. */
  ready: "netconform-node: ready",
} as const;

/** Controls the node's engine: start, stop, restart or status; restarts keep DOCKERD_FLAGS. */
export const nodeEngineCommand = "/usr/local/sbin/netconform-engine";

/** What the boot script reads from the environment; see `vagrant/netconform-node`. */
export interface NodeEnvironment {
  /** Public key in OpenSSH format that may log in as root. */
  AUTHORIZED_KEY: string;
  /** Private host key in OpenSSH format, several lines; the node makes one when it is missing. */
  SSH_HOST_KEY?: string;
  /** `node`: sshd and the engine. `external`: sshd alone. */
  ROLE: "node" | "external";
  /** Address that goes into /etc/resolv.conf, from where the engine hands it to containers. */
  NAMESERVER?: string;
  /** Which iptables the node uses; default Debian's choice (nft). */
  FIREWALL?: "nft" | "legacy";
  /** Further flags for dockerd, separated by spaces. */
  DOCKERD_FLAGS?: string;
}

/** Label of every image that this project makes. */
export const imageLabel = { netconform: "image" } as const;
