import { describe, expect, it } from "vitest";
import { carries, decodeFrame, describeFrame } from "./packet.ts";
import { PcapReader } from "./pcap.ts";

const macs = "0242ac110003 0242ac110002";
const icmpEcho = "0800 0000 0001 0001 6e632d6d61726b6572"; // payload "nc-marker"
const ipv4 = "4500 0025 1234 4000 4001 0000 0a010102 0a010103";
const bytes = (...parts: string[]) => Buffer.from(parts.join("").replaceAll(" ", ""), "hex");
const plainFrame = bytes(macs, "0800", ipv4, icmpEcho);

describe("decodeFrame", () => {
  it("reads Ethernet, IPv4 and ICMP", () => {
    const frame = decodeFrame(plainFrame);
    expect(frame).toMatchObject({
      source: "02:42:ac:11:00:02",
      destination: "02:42:ac:11:00:03",
      vlans: [],
      etherType: 0x0800,
      ip: {
        version: 4,
        source: "10.1.1.2",
        destination: "10.1.1.3",
        protocol: 1,
        ttl: 64,
        length: 37,
        identification: 0x1234,
        dontFragment: true,
        fragment: undefined,
      },
      icmp: { type: 8, code: 0 },
    });
    expect(frame.payload.toString()).toBe("nc-marker");
    expect(carries(frame, "nc-marker")).toBe(true);
  });

  it("leaves out the padding of a short frame", () => {
    expect(decodeFrame(Buffer.concat([plainFrame, Buffer.alloc(9)])).payload.toString()).toBe("nc-marker");
  });

  it("reads 802.1Q and stacked 802.1ad tags", () => {
    expect(decodeFrame(bytes(macs, "8100 6070", "0800", ipv4, icmpEcho))).toMatchObject({
      vlans: [{ tpid: 0x8100, id: 112, priority: 3 }],
      etherType: 0x0800,
      ip: { source: "10.1.1.2" },
    });
    expect(decodeFrame(bytes(macs, "88a8 0064", "8100 0070", "0806", "00"))).toMatchObject({
      vlans: [{ id: 100 }, { id: 112 }],
      etherType: 0x0806,
      ip: undefined,
    });
  });

  it("reads VXLAN on its ports only, with the frame inside", () => {
    const outer = (port: string) =>
      bytes(
        macs,
        "0800",
        "4500 0057 0000 0000 4011 0000 c0a80201 c0a80202",
        `d431 ${port} 0043 0000`,
        "0800 0000 001001 00",
        plainFrame.toString("hex"),
      );
    const frame = decodeFrame(outer("12b5"));
    expect(frame).toMatchObject({
      udp: { sourcePort: 0xd431, destinationPort: 4789 },
      vxlan: { vni: 4097, inner: { ip: { source: "10.1.1.2" }, icmp: { type: 8 } } },
    });
    expect(carries(frame, "nc-marker")).toBe(true);
    expect(describeFrame(frame)).toBe(
      "192.168.2.1:54321 > 192.168.2.2:4789 udp, vxlan vni 4097 { 10.1.1.2 > 10.1.1.3 icmp type 8 }",
    );
    expect(decodeFrame(outer("12b6")).vxlan).toBeUndefined();
    expect(decodeFrame(outer("12b6"), [4790]).vxlan).toMatchObject({ vni: 4097 });
  });

  it("reads IPv6 through extension headers, and TCP flags", () => {
    const ip6 = (next: string, length: string) =>
      `60000000 ${length} ${next} 40 fd000002000000000000000000000002 fd000002000000000000000000000001`;
    const tcp = "c350 01bb 00000001 00000000 5012 ffff 0000 0000";
    expect(decodeFrame(bytes(macs, "86dd", ip6("00", "001c"), "0600 0104 00000000", tcp))).toMatchObject({
      ip: {
        version: 6,
        source: "fd00:2::2",
        destination: "fd00:2::1",
        protocol: 6,
        length: 68,
        dontFragment: true,
      },
      tcp: { sourcePort: 50000, destinationPort: 443, syn: true, ack: true, rst: false, fin: false },
    });
    expect(
      decodeFrame(bytes(macs, "86dd", ip6("2c", "0010"), "1100 00b9 00000007", "0102030405060708")),
    ).toMatchObject({
      ip: { protocol: 17, identification: 7, fragment: { offset: 184, more: true } },
      udp: undefined,
    });
  });

  it("reads SCTP, with the tag that an association is asked for with", () => {
    const ip4 = "4500 0034 0001 4000 4084 0000 0a000001 0a000002";
    const header = "9c40 2396 00000000 00000000";
    const init = bytes(macs, "0800", ip4, header, "01 00 0014 00000007 0001a000 000a ffff 00000001");
    expect(decodeFrame(init).sctp).toEqual({
      ...{ sourcePort: 40_000, destinationPort: 9110, tag: 0, initiateTag: 7 },
    });
    expect(describeFrame(decodeFrame(init))).toBe("10.0.0.1:40000 > 10.0.0.2:9110 sctp");
    const abort = bytes(
      macs,
      "0800",
      ip4,
      "2396 9c40 00000007 00000000",
      "06 00 0004 00000000 00000000 00000000",
    );
    expect(decodeFrame(abort).sctp).toMatchObject({ tag: 7, initiateTag: undefined });
  });

  it("does not take ports from a later IPv4 fragment", () => {
    expect(
      decodeFrame(bytes(macs, "0800", "4500 001c 0001 00b9 4011 0000 0a010102 0a010103", "0102030405060708")),
    ).toMatchObject({
      ip: { fragment: { offset: 1480, more: false }, dontFragment: false },
      udp: undefined,
    });
  });

  it("never throws for a frame that was cut anywhere", () => {
    const whole = bytes(macs, "8100 0070", "0800", ipv4, icmpEcho);
    for (let length = 0; length <= whole.length; length++) {
      const frame = decodeFrame(whole.subarray(0, length));
      expect(frame.icmp !== undefined).toBe(length >= 46);
    }
  });
});

describe("PcapReader", () => {
  const record = (seconds: number, fraction: number, little: boolean) => {
    const header = Buffer.alloc(16);
    const words = [seconds, fraction, plainFrame.length, 1500];
    for (const [index, word] of words.entries()) {
      if (little) header.writeUInt32LE(word, index * 4);
      else header.writeUInt32BE(word, index * 4);
    }
    return Buffer.concat([header, plainFrame]);
  };
  const little = bytes("d4c3b2a1 0200 0400 00000000 00000000 00080000 01000000");

  it("gives the same packets however the stream is cut", () => {
    const stream = Buffer.concat([little, record(1700000000, 250000, true), record(1700000001, 0, true)]);
    for (const size of [1, 7, 24, 100, stream.length]) {
      const reader = new PcapReader();
      const packets = [];
      for (let at = 0; at < stream.length; at += size)
        packets.push(...reader.push(stream.subarray(at, at + size)));
      expect(packets).toMatchObject([
        { time: 1700000000250, length: 1500, icmp: { type: 8 } },
        { time: 1700000001000, length: 1500 },
      ]);
    }
  });

  it("reads big-endian nanosecond files", () => {
    const header = bytes("a1b23c4d 0002 0004 00000000 00000000 00000800 00000001");
    expect(new PcapReader().push(Buffer.concat([header, record(5, 1_500_000, false)]))).toMatchObject([
      { time: 5001.5 },
    ]);
  });

  it("refuses what is not pcap, and link types without Ethernet headers", () => {
    expect(() => new PcapReader().push(Buffer.alloc(24, "x"))).toThrow(
      /expected a pcap stream, got magic 0x78787878/,
    );
    const cooked = Buffer.from(little);
    cooked.writeUInt32LE(276, 20);
    expect(() => new PcapReader().push(cooked)).toThrow(/got link type 276/);
  });
});
