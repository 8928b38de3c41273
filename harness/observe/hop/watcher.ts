import { randomBytes } from "node:crypto";
import { ProbeFailed } from "#harness/core/errors.ts";
import { type RunningProgram, startProgram } from "#harness/host/agent/program.ts";
import type { Host } from "#harness/host/host.ts";
import { decodeFrame, type Frame, type Packet } from "#harness/observe/capture/packet.ts";

/** The path of a host's own namespace, as `watch` of harness/host/agent/python tells it. */
export const ownNamespace = "/proc/self/ns/net";

/** One interface in a network namespace. */
interface PlaceLink {
  readonly index: number;
  readonly name: string;
  /** `veth`, `bridge`, `vxlan`, …; empty for others. */
  readonly kind: string;
  /** CIDRs. */
  readonly addresses: readonly string[];
}

/** A network namespace of a host, with what is in it. */
export interface Namespace {
  readonly host: Host;
  /** Path on the host; `ownNamespace` for the host's own. */
  readonly path: string;
  readonly links: readonly PlaceLink[];
}

/** A packet on an interface. */
export interface WatchedPacket {
  readonly link: string;
  readonly outgoing: boolean;
  readonly packet: Packet;
}

/** What a rule does to a packet in the end, and where it is. */
interface Decision {
  readonly verdict: "drop" | "accept";
  /** Of nftables, e.g. `inet`; `iptables` or `ip6tables` for the kernel's old tables. */
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  /** Number of the rule; none where it is the policy of the chain. */
  readonly handle: number | null;
}

/** What a rule of nftables did to a packet in the end; iptables of today writes such rules too. */
export interface WatchedVerdict extends Decision {
  /** Its text, where that is known already. */
  readonly rule?: string;
  /** The packet at each hook that it came to; `sent`: where it is about to leave. */
  readonly headers: readonly { readonly frame: Frame; readonly sent: boolean }[];
}

/** What a rule of the kernel's old tables (iptables-legacy) has counted. */
export interface WatchedCount extends Decision {
  /** As `iptables-save` prints it, without its chain; empty for a policy. */
  readonly rule: string;
  readonly packets: number;
  /** From the IP header on. */
  readonly bytes: number;
  /** When it was read, in milliseconds since the epoch on the clock of the host: what came meanwhile may be counted or not. */
  readonly read: { readonly from: number; readonly to: number };
}

/** What was seen in one namespace. */
export interface Watched {
  readonly packets: readonly WatchedPacket[];
  /** In the order of time. */
  readonly verdicts: readonly WatchedVerdict[];
  /** Of those that counted something, in the order in which they stand. */
  readonly counts: readonly WatchedCount[];
}

/** What is watched for. */
export interface WatchOptions {
  /** Paths of the namespaces. */
  readonly paths: readonly string[];
  /** A pcap-filter expression. */
  readonly filter: string;
  /** Matches of nftables for the packets whose way through the rules is traced. */
  readonly traced: readonly string[];
}

interface RawVerdict extends Decision {
  headers: { data: string; sent: boolean }[];
}

/** What the program on the host can be asked. */
interface WatchMethods {
  survey(given: { known: readonly string[] }): Omit<Namespace, "host">[];
  begin(given: { filter: string; paths: readonly string[]; table: string; chains: string }): null;
  end(given: object): {
    packets: Record<string, { link: string; outgoing: boolean; time: number; data: string }[]>;
    verdicts: Record<string, RawVerdict[]>;
    counts: Record<string, WatchedCount[]>;
  };
  rule(given: Omit<Decision, "verdict"> & { path: string }): string;
}

/** Before connection tracking and all rules that filter, after fragments are put together. */
const priority = -350;
const deadlineMs = 5_000;
/** What it put onto the host it takes away before it ends. */
const endMs = 15_000;

/** Sees packets, and what rules do to them, in several network namespaces of one host at once. */
export class Watcher {
  readonly host: Host;
  readonly #program: RunningProgram<WatchMethods>;

  private constructor(host: Host, program: RunningProgram<WatchMethods>) {
    this.host = host;
    this.#program = program;
  }

  static async start(host: Host): Promise<Watcher> {
    const lost = (message: string) => new ProbeFailed(message);
    const peer = `the watcher on ${host.name}`;
    return new Watcher(host, await startProgram<WatchMethods>(host, "watch", { peer, lost }));
  }

  /** The network namespaces of the host, its own first, each once; those of `known` by these paths. */
  async survey(known: readonly string[]): Promise<Namespace[]> {
    const found = await this.#program.rpc.call("survey", { known }, this.#deadline("tell its namespaces"));
    return found.map((one) => ({ ...one, host: this.host }));
  }

  /** Watches from when this resolves. Throws where packets cannot be seen at all. */
  async begin({ paths, filter, traced }: WatchOptions): Promise<void> {
    const table = `netconform_${randomBytes(4).toString("hex")}`;
    const rules = traced.map((match) => `${match} meta nftrace set 1;`).join(" ");
    const chains = ["prerouting", "output"]
      .map((hook) => `chain ${hook} { type filter hook ${hook} priority ${priority}; ${rules} }`)
      .join("\n");
    await this.#program.rpc.call("begin", { paths, filter, table, chains }, this.#deadline("watch"));
  }

  /** Ends what was begun, and resolves to what was seen, by path. */
  async end(): Promise<Map<string, Watched>> {
    const told = await this.#program.rpc.call("end", {}, this.#deadline("tell what it saw"));
    const { packets, verdicts, counts } = told;
    return new Map(
      Object.entries(packets).map(([path, seen]) => [
        path,
        {
          packets: seen.map(({ link, outgoing, time, data }) => {
            const bytes = Buffer.from(data, "base64");
            return { link, outgoing, packet: { ...decodeFrame(bytes), time, length: bytes.length } };
          }),
          verdicts: (verdicts[path] ?? []).map((one) => ({ ...one, headers: one.headers.map(readHeader) })),
          counts: counts[path] ?? [],
        },
      ]),
    );
  }

  /** The rule that decided on a packet, as nft prints it; empty where it is gone. */
  rule(path: string, { family, table, chain, handle }: WatchedVerdict): Promise<string> {
    const asked = { path, family, table, chain, handle };
    return this.#program.rpc.call("rule", asked, this.#deadline("tell a rule"));
  }

  /** Ends the program, which leaves nothing on the host. */
  async close(): Promise<void> {
    await this.#program.close(endMs);
  }

  #deadline(what: string) {
    return { deadline: { what: `the watcher on ${this.host.name} to ${what}`, deadlineMs } };
  }
}

/** A trace tells a packet from its IP header on. */
function readHeader({ data, sent }: RawVerdict["headers"][number]): WatchedVerdict["headers"][number] {
  const etherType = data.startsWith("6") ? "86dd" : "0800";
  return { frame: decodeFrame(Buffer.from(`${"00".repeat(12)}${etherType}${data}`, "hex")), sent };
}
