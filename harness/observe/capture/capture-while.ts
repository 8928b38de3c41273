import type { Host } from "#harness/host/host.ts";
import type { EvidenceFile } from "#harness/observe/evidence.ts";
import { type Capture, type CaptureOptions, startCapture } from "./capture.ts";
import { carries, describeFrame, type Packet } from "./packet.ts";

export interface CaptureWhileOptions extends Omit<CaptureOptions, "device"> {
  /** Where the packets are seen. */
  readonly node: Host;
  /** Interfaces of the node, or of the network namespace `netns` on it. */
  readonly devices: readonly string[];
  /** Takes the pcap of every device as evidence, also when the work fails. */
  readonly keep: (file: EvidenceFile) => unknown;
}

/** A packet and the interface that it was seen on. */
export interface SeenPacket {
  readonly device: string;
  readonly packet: Packet;
}

/**
 * Captures on all devices while the work runs, and resolves to every packet seen, device by device.
 * The captures listen before the work begins and until its last packet is there, and they have lost none:
 * what is not among the packets was not on the devices. A test that asserts an absence also needs a positive
 * control: packets that the work sends first and last, and that must be among those seen. Throws what the
 * work throws, and `ProbeFailed` when a capture did not run all the time or lost packets.
 */
export async function captureWhile(
  { node, devices, keep, ...options }: CaptureWhileOptions,
  work: () => Promise<unknown>,
): Promise<SeenPacket[]> {
  const captures = new Map<string, Capture>();
  try {
    for (const device of devices) captures.set(device, await startCapture(node, { ...options, device }));
    for (const capture of captures.values()) capture.requireRunning();
    await work();
  } finally {
    // Each stops, whatever became of the others; the second `stop` below throws what went wrong.
    await Promise.allSettled([...captures.values()].map((capture) => capture.stop()));
    for (const [device, { pcap }] of captures) keep({ name: `${node.name}-${device}.pcap`, content: pcap });
  }
  for (const capture of captures.values()) {
    await capture.stop();
    capture.requireComplete();
  }
  return [...captures].flatMap(([device, { packets }]) => packets.map((packet) => ({ device, packet })));
}

/** Those packets that carry the marker, in the order in which they were seen on each device. */
export function carrying(seen: readonly SeenPacket[], marker: string): SeenPacket[] {
  return seen.filter(({ packet }) => carries(packet, marker));
}

/**
 * One line for people, e.g. `eth2: 10.1.1.2 > 10.1.1.3 icmp type 8`; several packets are separated by
 * semicolons.
 */
export function describeSeen(seen: readonly SeenPacket[]): string {
  return (
    seen.map(({ device, packet }) => `${device}: ${describeFrame(packet)}`).join("; ") || "no packet of it"
  );
}
