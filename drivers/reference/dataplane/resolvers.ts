import type { Host } from "#harness/host/host.ts";
import { bringUp, ipBatch } from "./links.ts";
import type { Resolver } from "./plan/node-plan.ts";

const outerMtu = 1450;

/**
 * Replaces both lists of a resolver by the lines on stdin, whole or not at all: a connection that is lost looks like the
 * end of the file, and a resolver that still reads for the change before must not meet half of one. Where a name is
 * listed the resolver answers for it with authority. Otherwise a question for the IPv6 address of a container that has
 * none would be refused and go on to the node's server, whose "no such name" some resolvers take for the last word.
 */
const replaceLists = `
id=$1 directory=$2 lines=$3 signal=$4
part=$directory/parts/$id
awk -v part="$part" -v lines="$lines" '
  BEGIN { printf "" >(part ".hosts"); printf "" >(part ".local") }
  { print >(part ".hosts"); for (i = 2; i <= NF; i++) print "server=/" $i "/" >(part ".local") }
  END { exit NR != lines }' &&
  mv "$part.hosts" "$part.local" "$directory" || exit
[ -z "$signal" ] || { read -r pid <"$directory/$id.pid" && kill -s "$signal" "$pid"; } || true
`;

/** Starts a resolver in a namespace whose only interface is `$1`; what comes after it are the words of its command. */
const launchInside = `
ethtool -K "$1" tx off || exit
shift
exec "$@"
`;

/** Ends the resolvers with these ids, together with their namespaces, and removes their files. What has ended already needs no signal. */
const endAll = `
directory=$1
shift
for id; do
  { read -r pid <"$directory/$id.pid" && kill -s TERM "$pid"; } 2>/dev/null
  ip netns delete "$id" 2>/dev/null
  rm -rf -- "$directory/$id.pid" "$directory/$id.hosts" "$directory/$id.local" || exit
done
`;

/**
 * One dnsmasq per network, in a namespace whose only interface is a port of that network: tenants with equal
 * addresses and names cannot meet in it. It knows the network's containers and refuses everything else;
 * the engine then asks its next name server.
 */
export class Resolvers {
  readonly #host: Host;
  readonly #directory: string;
  /** Id → lines of the hosts file of resolvers that run. */
  readonly #running = new Map<string, string>();

  /** `name` keeps the files of several plugins on one host apart. */
  constructor(host: Host, name: string) {
    this.#host = host;
    this.#directory = `/run/netconform-${name}`;
  }

  /** Finds what an earlier plugin left running. */
  async start(): Promise<void> {
    await this.#host.run(["mkdir", "-p", `${this.#directory}/parts`]);
    const listed = await this.#host.run(["ls", this.#directory]);
    for (const [, id] of listed.matchAll(/^(\w+)\.pid$/gm)) this.#running.set(id!, "");
  }

  async stop(): Promise<void> {
    await this.#host.files.remove(this.#directory);
  }

  /** Lines that make the veth pair of a resolver; its inner end goes into its namespace in `apply`. */
  link(device: string): string[] {
    return [
      `link add ${device} mtu ${outerMtu} type veth peer name ${innerName(device)} mtu ${outerMtu}`,
      ...bringUp(device),
    ];
  }

  /** Ends resolvers that are not in `wanted`, together with their interfaces. */
  async remove(wanted: readonly Resolver[]): Promise<void> {
    const gone = [...this.#running.keys()].filter((id) => !wanted.some((resolver) => resolver.id === id));
    if (gone.length === 0) return;
    await this.#host.run(["sh", "-c", endAll, "sh", this.#directory, ...gone]);
    for (const id of gone) this.#running.delete(id);
  }

  /** Starts resolvers that do not run and hands the names to those that do. */
  async apply(wanted: readonly Resolver[]): Promise<void> {
    await Promise.all(
      wanted.map(async (resolver) => {
        const hosts = resolver.hosts.map((line) => `${line}\n`).join("");
        const known = this.#running.get(resolver.id);
        if (known === hosts) return;
        // A resolver that is gone already needs no signal.
        const signal = known === undefined ? "" : "HUP";
        const given = [resolver.id, this.#directory, String(resolver.hosts.length), signal];
        await this.#host.run(["sh", "-c", replaceLists, "sh", ...given], { input: hosts });
        if (known === undefined) await this.#launch(resolver);
        this.#running.set(resolver.id, hosts);
      }),
    );
  }

  async #launch({ id, device, address, subnets }: Resolver): Promise<void> {
    const inner = innerName(device);
    await ipBatch(this.#host, [`netns add ${id}`, `link set ${inner} netns ${id}`]);
    const onLink = (subnet: string) => `${subnet.includes(":") ? "-6 " : ""}route add ${subnet} dev ${inner}`;
    await ipBatch(
      this.#host,
      [
        "link set lo up",
        `address add ${address}/32 dev ${inner}`,
        ...bringUp(inner),
        ...subnets.filter((subnet) => !subnet.includes(":")).map(onLink),
      ],
      id,
    );
    await this.#host.run([
      ...["nsenter", `--net=/run/netns/${id}`, "sh", "-c", launchInside, "sh", inner],
      ...["dnsmasq", "--conf-file=/dev/null", "--user=root"],
      ...["--no-resolv", "--no-hosts", "--cache-size=0", "--local-ttl=0", "--no-poll"],
      ...["--bind-interfaces", "--except-interface=lo", `--listen-address=${address}`],
      `--addn-hosts=${this.#path(id, "hosts")}`,
      `--servers-file=${this.#path(id, "local")}`,
      `--pid-file=${this.#path(id, "pid")}`,
    ]);
  }

  #path(id: string, extension: "pid" | "hosts" | "local"): string {
    return `${this.#directory}/${id}.${extension}`;
  }
}

function innerName(device: string): string {
  return `${device}i`;
}
