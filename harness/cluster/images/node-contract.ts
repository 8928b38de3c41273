import type Docker from "dockerode";

/**
 * How a container of the node image has to be created, and what can be relied on in it. The image itself declares
 * its entry point (`tini -- netconform-node`) and the volume /var/lib/docker (overlayfs does not stack on the
 * node's own overlayfs), which goes with the container when that is removed with `v: true`. The interfaces
 * are eth0, eth1, eth2 in the order in which networks are attached; the engine does not wait for them.
 *
 * This is the least that works with every engine version, tried one by one; `--privileged` is not needed.
 */
export const nodeHostConfig = {
  CapAdd: ["NET_ADMIN", "SYS_ADMIN"],
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
