import {
  ConnectionLost,
  DeadlineExceeded,
  HarnessError,
  Nonconformance,
  ProbeFailed,
} from "#harness/core/errors.ts";
import { until, within } from "#harness/core/poll.ts";
import type { Host, RunningCommand } from "#harness/host/host.ts";
import { formatCommand } from "#harness/host/shell.ts";
import { defaultVxlanPorts, describeFrame, type Packet } from "./packet.ts";
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
  /** Bytes of pcap kept; default 16 MiB. What comes later is counted in `overflowed`, not decoded. */
  maxBytes?: number;
}

const snapshotBytes = 2048;
const startDeadlineMs = 10_000;

/**
 * tcpdump ends by SIGINT when its stdin closes, so that it ends with the connection too and never outlives a killed run.
 * The watcher holds none of tcpdump's output, or the stream would not end with it.
 */
const endWithStdin = 'exec 3<&0; (cat <&3; kill -INT $$) >/dev/null 2>&1 & exec "$@" 3<&-';

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
    const { device, filter = [], netns } = options;
    const tcpdump = [
      ...(netns ? ["nsenter", `--net=${netns}`] : []),
      ...["tcpdump", "-i", device, "-w", "-", "-U", "--immediate-mode", "-n", "-s", String(snapshotBytes)],
      ...["-B", "4096", "--", ...(typeof filter === "string" ? [filter] : filter)],
    ];
    const command = await node.spawn(["sh", "-c", endWithStdin, "sh", ...tcpdump], { env: { LC_ALL: "C" } });
    const capture = new Capture(`${node.name}:${netns ? `${netns}:` : ""}${device}`, command, options);
    const failed = (cause?: unknown) =>
      new ProbeFailed(
        `the capture on ${capture.where} did not start: ${node.name}$ ${formatCommand(tcpdump)}\n  ${capture.#stderr.trim() || "(no output)"}`,
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

  /** The first packet, past or coming, that the predicate accepts. Throws `DeadlineExceeded` when none comes. */
  async waitFor(what: string, predicate: (packet: Packet) => boolean, deadlineMs = 5_000): Promise<Packet> {
    let looked = 0;
    const find = () => {
      this.#throwFailure();
      for (; looked < this.packets.length; looked++)
        if (predicate(this.packets[looked]!)) return this.packets[looked];
      return undefined;
    };
    return until({ what: `${what} on ${this.where}`, deadlineMs, everyMs: 5 }, find, () => this.describe());
  }

  /**
   * Ends tcpdump and resolves to all packets. Reads what is still on its way first: until none has come for 50 ms, at most a second.
   * Throws `ProbeFailed` when tcpdump ended by itself or with an error.
   */
  async stop(): Promise<readonly Packet[]> {
    this.#stopping ??= this.#stop();
    await this.#stopping;
    return this.packets;
  }

  async #stop(): Promise<void> {
    const endedByItself = this.#ended;
    const start = performance.now();
    let seen = -1;
    await until({ what: `the last packets on ${this.where}`, deadlineMs: 5_000 }, () => {
      const quiet = this.packets.length === seen;
      seen = this.packets.length;
      return quiet || this.#ended || performance.now() - start > 1_000;
    });
    this.#command.stdin.end();
    try {
      await within({ what: `tcpdump on ${this.where} to end`, deadlineMs: 5_000 }, this.#command.exit);
    } catch (error) {
      this.#command.kill("KILL");
      if (error instanceof ConnectionLost) throw error;
      throw new ProbeFailed(`the capture on ${this.where} did not end: ${this.#stderr.trim()}`, {
        cause: error,
      });
    }
    this.#throwFailure();
    if (endedByItself)
      throw new ProbeFailed(`the capture on ${this.where} ended by itself: ${this.#stderr.trim()}`);
    this.droppedByKernel = Number(/(\d+) packets? dropped by kernel/.exec(this.#stderr)?.[1] ?? 0);
  }

  #throwFailure(): void {
    if (this.#failure instanceof HarnessError) throw this.#failure;
    if (this.#failure) throw new ProbeFailed(`the capture on ${this.where} broke`, { cause: this.#failure });
  }

  /** Number of packets and the last few, one per line. */
  describe(last = 5): string {
    const lines = this.packets.slice(-last).map((packet) => `\n  ${describeFrame(packet)}`);
    return `${this.packets.length} packets on ${this.where}${lines.length > 0 ? ", the last:" : ""}${lines.join("")}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Starts a capture that is known to listen when this resolves. */
export function startCapture(node: Host, options: CaptureOptions): Promise<Capture> {
  return Capture.start(node, options);
}

/** Passes once a packet that the predicate accepts is seen. Throws `Nonconformance` with what was captured instead. */
export async function expectSeen(
  capture: Capture,
  what: string,
  predicate: (packet: Packet) => boolean,
  deadlineMs = 5_000,
): Promise<Packet> {
  try {
    return await capture.waitFor(what, predicate, deadlineMs);
  } catch (error) {
    if (!(error instanceof DeadlineExceeded)) throw error;
    throw new Nonconformance({
      who: capture.where,
      expected: what,
      got: `none in ${deadlineMs} ms`,
      evidence: capture.describe(20),
    });
  }
}

/**
 * Stops the capture and passes when no packet is one of the forbidden. The control is what must have been captured: the same
 * traffic in its allowed form. Throws `ProbeFailed` when the control was not seen or packets were lost.
 */
export async function expectNeverSeen(
  capture: Capture,
  what: string,
  forbidden: (packet: Packet) => boolean,
  control: { what: string; predicate: (packet: Packet) => boolean; deadlineMs?: number },
): Promise<void> {
  await capture.waitFor(control.what, control.predicate, control.deadlineMs).catch((error: unknown) => {
    throw new ProbeFailed(`the positive control failed: no ${control.what} on ${capture.where}`, {
      cause: error,
    });
  });
  await capture.stop();
  const seen = capture.packets.filter(forbidden);
  if (seen.length > 0) {
    throw new Nonconformance({
      who: capture.where,
      expected: `no ${what}`,
      got: `${seen.length} of ${capture.packets.length} packets, e.g. ${describeFrame(seen[0]!)}`,
    });
  }
  if (capture.overflowed || capture.droppedByKernel > 0) {
    throw new ProbeFailed(
      `the capture on ${capture.where} is incomplete (${capture.droppedByKernel} dropped by the kernel${capture.overflowed ? ", buffer full" : ""}): it cannot show that there was no ${what}`,
      { hint: "narrow the filter" },
    );
  }
}
