import { expect, it } from "vitest";
import { encodeFrame, encodeVxlan } from "./encode.ts";
import { carries, decodeFrame } from "./packet.ts";

const forged = {
  ...{ source: "02:6e:63:00:00:01", destination: "02:42:ac:11:00:03" },
  ...{ from: "10.1.2.2", to: "10.1.2.3", port: 9, payload: "nc-marker" },
};

it("makes a frame that reads as what was wanted, with a header checksum that holds", () => {
  const bytes = encodeFrame(forged);
  const frame = decodeFrame(bytes);
  expect(frame).toMatchObject({
    ...{ source: forged.source, destination: forged.destination, etherType: 0x0800 },
    ip: { source: "10.1.2.2", destination: "10.1.2.3", protocol: 17, ttl: 64, length: 37 },
    udp: { sourcePort: 9, destinationPort: 9 },
  });
  expect(carries(frame, "nc-marker")).toBe(true);
  const words = Array.from({ length: 10 }, (_, index) => bytes.readUInt16BE(14 + index * 2));
  expect(words.reduce((sum, word) => sum + word, 0) % 0xffff).toBe(0);
});

it("puts a frame into VXLAN", () => {
  const inner = encodeFrame(forged);
  const outer = encodeFrame({ ...forged, port: 4789, payload: encodeVxlan(4097, inner).toString("latin1") });
  expect(decodeFrame(outer).vxlan).toMatchObject({ vni: 4097, inner: { destination: forged.destination } });
});
