import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Nonconformance, ProbeFailed } from "#harness/core/errors.ts";
import { uniqueMarker } from "#harness/host/agent/agent.ts";
import { createTestbed, type Testbed, type TestNamespace } from "#harness/testing/namespace-testbed.ts";
import { expectNeverSeen, expectSeen, startCapture } from "./capture.ts";
import { carries, type Packet } from "./packet.ts";

if (process.getuid?.() === 0) {
  describe.concurrent("a capture on a link that carries VXLAN", { timeout: 30_000 }, () => {
    let bed: Testbed;
    beforeAll(async () => {
      bed = await createTestbed();
      const tunnel = async (at: TestNamespace, peer: TestNamespace, address: string) => {
        const remote = ["remote", peer.ip, "local", at.ip, "dstport", "4789"];
        await at.run("ip", "link", "add", "vx0", "type", "vxlan", "id", "4097", ...remote);
        await at.run("ip", "addr", "add", address, "dev", "vx0");
        await at.run("ip", "link", "set", "vx0", "up");
      };
      await tunnel(bed.client, bed.router, "10.9.9.2/24");
      await tunnel(bed.router, bed.client, "10.9.9.1/24");
    });
    afterAll(() => bed[Symbol.asyncDispose]());

    const start = (filter?: string) =>
      startCapture(bed.host, { device: "eth0", netns: bed.client.netns, ...(filter ? { filter } : {}) });
    const inVxlan = (marker: string) => (packet: Packet) =>
      packet.vxlan?.vni === 4097 && carries(packet, marker);
    const bare = (marker: string) => (packet: Packet) => !packet.vxlan && carries(packet, marker);

    it("sees the marked ping inside VXLAN and never bare", async () => {
      const marker = uniqueMarker();
      const capture = await start();
      expect(await bed.client.agent.ping({ address: "10.9.9.1", marker })).toMatchObject({ received: 1 });
      const packet = await expectSeen(capture, "the ping inside VXLAN", inVxlan(marker));
      expect(packet.vxlan!.inner).toMatchObject({
        ip: { source: "10.9.9.2", destination: "10.9.9.1" },
        icmp: { type: 8 },
      });
      expect(packet).toMatchObject({ ip: { source: bed.client.ip, destination: bed.router.ip } });
      await expectNeverSeen(capture, "bare ping", bare(marker), {
        what: "ping inside VXLAN",
        predicate: inVxlan(marker),
      });
      expect(capture.pcap.readUInt32LE(0)).toBe(0xa1b2c3d4);
      const text = await bed.host.run(["tcpdump", "-nn", "-r", "-"], { input: capture.pcap });
      expect(text.match(/VXLAN, flags \[I\] .*vni 4097/g)!.length).toBeGreaterThanOrEqual(2);
    });

    it("fails for a bare ping, and refuses to judge when the control is missing", async () => {
      const marker = uniqueMarker();
      const capture = await start("icmp");
      await bed.client.agent.ping({ address: bed.router.ip, marker });
      const isEcho = { what: "any ping", predicate: (packet: Packet) => packet.icmp !== undefined };
      await expect(expectNeverSeen(capture, "bare ping", bare(marker), isEcho)).rejects.toThrow(
        Nonconformance,
      );
      await using silent = await start("udp port 9");
      await expect(expectSeen(silent, "a packet to port 9", () => true, 100)).rejects.toThrow(Nonconformance);
      const neverThere = { what: "packet to port 9", predicate: () => true, deadlineMs: 100 };
      await expect(expectNeverSeen(silent, "bare ping", bare(marker), neverThere)).rejects.toThrow(
        ProbeFailed,
      );
    });

    it("loses none of 500 packets that were sent just before it stops", async () => {
      const marker = uniqueMarker();
      const capture = await start("icmp[icmptype] == icmp-echo");
      await bed.client.agent.ping({ address: bed.router.ip, marker, count: 500, intervalMs: 0 });
      expect((await capture.stop()).filter((packet) => carries(packet, marker))).toHaveLength(500);
      expect(capture.droppedByKernel).toBe(0);
    });

    it("keeps a bounded number of bytes and then refuses to say that something was not there", async () => {
      const marker = uniqueMarker();
      const capture = await startCapture(bed.host, {
        device: "eth0",
        netns: bed.client.netns,
        filter: "icmp and greater 400",
        maxBytes: 2000,
      });
      await bed.client.agent.ping({ address: bed.router.ip, marker, count: 20, packetBytes: 400 });
      const control = { what: "ping", predicate: (packet: Packet) => carries(packet, marker) };
      await expect(
        expectNeverSeen(capture, "VXLAN", (packet) => packet.vxlan !== undefined, control),
      ).rejects.toThrow(/incomplete.*buffer full/);
      expect(capture.pcap.length).toBeLessThanOrEqual(2000);
    });

    it("says why it cannot start", async () => {
      await expect(startCapture(bed.host, { device: "no-such", netns: bed.client.netns })).rejects.toThrow(
        /did not start.*no-such.*No such device/s,
      );
      await expect(start("tcp and and")).rejects.toThrow(/did not start.*(syntax|parse)/s);
    });
  });
}
