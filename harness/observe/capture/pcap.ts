import { HarnessError } from "#harness/core/errors.ts";
import { decodeFrame, defaultVxlanPorts, type Packet } from "./packet.ts";

const ethernet = 1;

/** Reads a pcap stream (the classic format, either byte order, micro- or nanoseconds) chunk by chunk. */
export class PcapReader {
  #rest: Buffer = Buffer.alloc(0);
  #header: { littleEndian: boolean; ticksPerMs: number } | undefined;
  readonly #vxlanPorts: readonly number[];

  constructor(vxlanPorts: readonly number[] = defaultVxlanPorts) {
    this.#vxlanPorts = vxlanPorts;
  }

  /** The packets that this chunk completes. Throws `HarnessError` for anything but pcap of Ethernet frames. */
  push(chunk: Buffer): Packet[] {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    if (!this.#header) {
      if (this.#rest.length < 24) return [];
      this.#header = readHeader(this.#rest);
      this.#rest = this.#rest.subarray(24);
    }
    const { littleEndian, ticksPerMs } = this.#header;
    const word = (at: number) => (littleEndian ? this.#rest.readUInt32LE(at) : this.#rest.readUInt32BE(at));
    const packets: Packet[] = [];
    while (this.#rest.length >= 16 && this.#rest.length >= 16 + word(8)) {
      const end = 16 + word(8);
      const time = word(0) * 1000 + word(4) / ticksPerMs;
      packets.push({
        ...decodeFrame(this.#rest.subarray(16, end), this.#vxlanPorts),
        time,
        length: word(12),
      });
      this.#rest = this.#rest.subarray(end);
    }
    return packets;
  }
}

function readHeader(bytes: Buffer): { littleEndian: boolean; ticksPerMs: number } {
  const magic = bytes.readUInt32BE(0);
  const known: Record<number, { littleEndian: boolean; ticksPerMs: number }> = {
    2712847316: { littleEndian: false, ticksPerMs: 1e3 },
    3569595041: { littleEndian: true, ticksPerMs: 1e3 },
    2712812621: { littleEndian: false, ticksPerMs: 1e6 },
    1295823521: { littleEndian: true, ticksPerMs: 1e6 },
  };
  const header = known[magic];
  if (!header) throw new HarnessError(`capture: expected a pcap stream, got magic 0x${magic.toString(16)}`);
  const linkType = (header.littleEndian ? bytes.readUInt32LE(20) : bytes.readUInt32BE(20)) & 0xffff;
  if (linkType !== ethernet) {
    throw new HarnessError(`capture: expected Ethernet frames (link type 1), got link type ${linkType}`, {
      hint: "capture on an Ethernet device, not on `any` or a layer-3 tunnel",
    });
  }
  return header;
}
