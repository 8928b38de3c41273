import { until, within } from "#harness/core/async/poll.ts";
import { ConnectionLost, HarnessError, ProbeFailed } from "#harness/core/errors.ts";
import type { Host, RunningCommand } from "#harness/host/host.ts";
import { formatCommand } from "#harness/host/shell.ts";
import { defaultVxlanPorts, type Packet } from "./packet.ts";
import { PcapReader } from "./pcap.ts";

export interface CaptureOptions {
  /** Interface name in the namespace, e.g. `eth2`. */
  device: string;
  /** A pcap-filter expression, whole or as tokens; default: everything. */
  filter?: string | readonly string[];
  /** Path of a network namespace on the node; default: the node's own. */
  netns?: string;
  /** UDP ports on which VXLAN is decoded. */
  vxlanPorts?: readonly number[];
  /** Bytes of pcap kept; default 16 MiB. What comes later is not decoded, and sets `overflowed`. */
  maxBytes?: number;
  /** KiB that the kernel holds for tcpdump; default 4096. */
  bufferKiB?: number;
}

const snapshotBytes = 2048;
const startDeadlineMs = 10_000;
const readDeadlineMs = 10_000;
/** How often tcpdump is asked at most what it has not read yet, and how often in a row it tells the same. */
const earlyRounds = { most: 10, alike: 3 };

/**
 * Runs tcpdump; the arguments are the filter and the command without it.
 *
 * The SSH connection that the capture comes through is left out of it. A capture on the interface that
 * carries the connection would see its own output, and would fill its buffer with that.
 *
 * Each line of stdin makes tcpdump tell its counts on stderr (SIGUSR1). It ends by SIGINT when its stdin
 * closes, so that it ends with the connection too and never outlives a killed run. The watcher holds none of
 * tcpdump's output, or the stream would not end with it.
 */
const script = `
own() { echo "not (tcp and host $1 and port $2 and host $3 and port $4)"; }
filter=$1
shift
# sudo takes the variable away from the commands that it starts.
of_parent() { tr '\\0' '\\n' <"/proc/$PPID/environ" 2>/dev/null | sed -n 's/^SSH_CONNECTION=//p'; }
connection=\${SSH_CONNECTION:-$(of_parent)}
if [ -n "$connection" ]; then filter="\${filter:+($filter) and }$(own $connection)"; fi
exec 3<&0
(while read -r _ <&3; do kill -USR1 $$; done; kill -INT $$) >/dev/null 2>&1 &
exec "$@" "$filter" 3<&-
`;

/** A running or stopped packet capture on one device of a node. */
export class Capture implements AsyncDisposable {
  /** `<node>:<device>`, for messages. */
  readonly where: string;
  /** Everything decoded so far, oldest first. */
  readonly packets: Packet[] = [];
  /** Packets that came after `maxBytes` was full. */
  overflowed = false;
  /** Packets that the kernel dropped because tcpdump was too slow; known after `stop`. */
  droppedByKernel = 0;
  readonly #command: RunningCommand;
  readonly #chunks: Buffer[] = [];
  readonly #maxBytes: number;
  #bytes = 0;
  /** Packets that the kernel counts and that are never read: they came before the filter was in force. */
  #early = 0;
  #stderr = "";
  #ended = false;
  #failure: unknown;
  #stopping: Promise<void> | undefined;

  private constructor(where: string, command: RunningCommand, options: CaptureOptions) {
    this.where = where;
    this.#command = command;
    this.#maxBytes = options.maxBytes ?? 16 * 1024 * 1024;
    const reader = new PcapReader(options.vxlanPorts ?? defaultVxlanPorts);
    command.stdin.on("error", () => {}); // tcpdump may be gone before its stdin is closed
    command.stderr.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    command.stdout.on("data", (chunk: Buffer) => this.#keep(chunk, reader));
    command.exit.then(
      () => {
        this.#ended = true;
      },
      (error: unknown) => {
        this.#ended = true;
        this.#failure = error;
      },
    );
  }

  /** Starts tcpdump and returns once it listens. Throws `ProbeFailed` when it cannot. */
  static async start(node: Host, options: CaptureOptions): Promise<Capture> {
    const { device, filter = [], netns, bufferKiB = 4096 } = options;
    const tcpdump = [
      ...(netns ? ["nsenter", `--net=${netns}`] : []),
      ...["tcpdump", "-i", device, "-w", "-", "-U", "--immediate-mode", "-n", "-s", String(snapshotBytes)],
      ...["-B", String(bufferKiB), "--"],
    ];
    const expression = typeof filter === "string" ? filter : filter.join(" ");
    const command = await node.spawn(["sh", "-c", script, "sh", expression, ...tcpdump], {
      env: { LC_ALL: "C" },
    });
    const capture = new Capture(`${node.name}:${netns ? `${netns}:` : ""}${device}`, command, options);
    const failed = (cause?: unknown) =>
      new ProbeFailed(
        [
          `the capture on ${capture.where} did not start: ${node.name}$ ${formatCommand([...tcpdump, expression])}`,
          `  ${capture.#stderr.trim() || "(no output)"}`,
        ].join("\n"),
        { cause, hint: "tcpdump must be on the node, and the device must exist" },
      );
    try {
      await until(
        { what: `tcpdump to listen on ${capture.where}`, deadlineMs: startDeadlineMs, everyMs: 5 },
        () => capture.#ended || capture.#stderr.includes("listening on"),
      );
    } catch (error) {
      command.kill("KILL");
      throw failed(error);
    }
    await capture.#countEarly();
    if (capture.#ended) throw failed(capture.#failure);
    return capture;
  }

  #keep(chunk: Buffer, reader: PcapReader): void {
    const kept = chunk.subarray(0, this.#maxBytes - this.#bytes);
    this.overflowed ||= kept.length < chunk.length;
    this.#bytes += kept.length;
    this.#chunks.push(kept);
    try {
      this.packets.push(...reader.push(kept));
    } catch (error) {
      this.#failure ??= error;
      this.#command.stdin.end();
    }
  }

  /** The pcap file so far, for evidence. Its last packet may be cut, until `stop` or when `overflowed`. */
  get pcap(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /**
   * Ends tcpdump and resolves to all packets. First reads every packet that the kernel has for tcpdump at
   * this time. Throws `ProbeFailed` when tcpdump ended by itself, with an error or without telling how many
   * packets were dropped.
   */
  async stop(): Promise<readonly Packet[]> {
    this.#stopping ??= this.#stop();
    await this.#stopping;
    return this.packets;
  }

  async #stop(): Promise<void> {
    const endedByItself = this.#ended;
    try {
      if (!endedByItself) await this.#readAll();
    } finally {
      this.#command.stdin.end();
    }
    let code: number | null;
    try {
      ({ code } = await within(
        { what: `tcpdump on ${this.where} to end`, deadlineMs: 5_000 },
        this.#command.exit,
      ));
    } catch (error) {
      this.#command.kill("KILL");
      if (error instanceof ConnectionLost) throw error;
      throw new ProbeFailed(`the capture on ${this.where} did not end: ${this.#stderr.trim()}`, {
        cause: error,
      });
    }
    this.#throwFailure();
    // It may have ended by itself just before it was told to.
    if (endedByItself || code !== 0)
      throw new ProbeFailed(`the capture on ${this.where} ended by itself: ${this.#stderr.trim()}`);
    const counts = this.#counts();
    if (!counts) {
      throw new ProbeFailed(
        `the capture on ${this.where} did not tell how many packets were dropped: ${this.#stderr.trim()}`,
      );
    }
    this.droppedByKernel = counts.dropped;
  }

  /**
   * Waits until every packet is decoded that the kernel has taken for tcpdump by now. SIGINT discards unread
   * ones.
   */
  async #readAll(): Promise<void> {
    const counts = await this.#askCounts();
    if (counts === "ended") return;
    const expected = counts.received - counts.dropped - this.#early;
    await until(
      this.#lastPackets,
      () => this.packets.length >= expected || this.overflowed || this.#ended,
      () => `${this.packets.length} of ${expected} packets were read`,
    );
  }

  get #lastPackets() {
    return { what: `the last packets on ${this.where}`, deadlineMs: readDeadlineMs, everyMs: 5 };
  }

  /** What the kernel has counted for tcpdump by now. */
  async #askCounts(): Promise<{ received: number; dropped: number } | "ended"> {
    const before = this.#stderr.length;
    this.#command.stdin.write("\n");
    const told = () => this.#counts(before) ?? (this.#ended ? "ended" : undefined);
    return until(this.#lastPackets, told);
  }

  /** tcpdump's socket takes everything until its filter is in force, which is so when it says that it listens. */
  async #countEarly(): Promise<void> {
    let alike = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let round = 0; round < earlyRounds.most && alike < earlyRounds.alike; round++) {
      const counts = await this.#askCounts();
      if (counts === "ended") return;
      const unread = Math.max(0, counts.received - counts.dropped - this.packets.length);
      alike = unread === least ? alike + 1 : 1;
      least = Math.min(least, unread);
      if (least === 0) break;
    }
    this.#early = least;
  }

  /** The last counts that tcpdump told, after `from` characters of its stderr. */
  #counts(from = 0): { received: number; dropped: number } | undefined {
    const told = [
      ...this.#stderr
        .slice(from)
        .matchAll(/(\d+) packets? received by filter\s*,?\s*(\d+) packets? dropped by kernel/g),
    ].at(-1);
    return told && { received: Number(told[1]), dropped: Number(told[2]) };
  }

  #throwFailure(): void {
    if (this.#failure instanceof HarnessError) throw this.#failure;
    if (this.#failure) throw new ProbeFailed(`the capture on ${this.where} broke`, { cause: this.#failure });
  }

  /** Throws `ProbeFailed` when the capture has ended: packets from now on would not be seen. */
  requireRunning(): void {
    this.#throwFailure();
    if (!this.#ended) return;
    throw new ProbeFailed(`the capture on ${this.where} does not run: ${this.#stderr.trim()}`);
  }

  /**
   * Throws `ProbeFailed` when packets were lost, so that the capture cannot show what was not there. Known
   * after `stop`.
   */
  requireComplete(): void {
    if (!this.overflowed && this.droppedByKernel === 0) return;
    const full = this.overflowed ? `, more than ${this.#maxBytes} bytes came` : "";
    throw new ProbeFailed(
      `the capture on ${this.where} is incomplete: the kernel dropped ${this.droppedByKernel} packets${full}`,
      { hint: "narrow the filter" },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Starts a capture that is known to listen when this resolves. */
export function startCapture(node: Host, options: CaptureOptions): Promise<Capture> {
  return Capture.start(node, options);
}
