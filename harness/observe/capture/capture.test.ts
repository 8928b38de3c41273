import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Nonconformance, ProbeFailed } from "#harness/core/errors.ts";
import { uniqueMarker } from "#harness/host/agent/agent.ts";
import type { EvidenceFile } from "#harness/observe/evidence.ts";
import {
  createTestbed,
  type NamespaceTestbed,
  type TestNamespace,
} from "#harness/testing/support/namespace-testbed.ts";
import { startCapture } from "./capture.ts";
import { captureWhile, carrying, describeSeen } from "./capture-while.ts";
import { carries } from "./packet.ts";

if (process.getuid?.() === 0) {
  it("a capture does not wait for what came before its filter was in force", async () => {
    await using bed = await createTestbed();
    const { netns } = bed.client;
    const flood = await bed.host.spawn(["nsenter", `--net=${netns}`, "ping", "-q", "-f", bed.router.ip]);
    try {
      for (let round = 0; round < 20; round++) {
        const capture = await startCapture(bed.host, { device: "eth0", netns, filter: "tcp port 1" });
        expect(await capture.stop()).toEqual([]);
      }
    } finally {
      flood.kill("INT");
      await flood.exit;
    }
  }, 60_000);

  describe.concurrent("a capture on a link that carries VXLAN", { timeout: 30_000 }, () => {
    let bed: NamespaceTestbed;
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
    const options = (kept: EvidenceFile[] = []) => ({
      node: bed.host,
      devices: ["eth0"],
      netns: bed.client.netns,
      keep: (file: EvidenceFile) => kept.push(file),
    });

    it("sees the marked ping inside VXLAN and never bare", async () => {
      const marker = uniqueMarker();
      const kept: EvidenceFile[] = [];
      const seen = await captureWhile(options(kept), async () => {
        expect(await bed.client.agent.ping({ address: "10.9.9.1", marker })).toMatchObject({ received: 1 });
      });
      const marked = carrying(seen, marker);
      expect(marked.map(({ device, packet }) => [device, packet.vxlan?.vni])).toEqual([
        ["eth0", 4097],
        ["eth0", 4097],
      ]);
      const [{ packet } = { packet: undefined }] = marked;
      expect(packet).toMatchObject({ ip: { source: bed.client.ip, destination: bed.router.ip } });
      expect(packet?.vxlan?.inner).toMatchObject({
        ip: { source: "10.9.9.2", destination: "10.9.9.1" },
        icmp: { type: 8 },
      });
      expect(kept.map(({ name }) => name)).toEqual([`${bed.host.name}-eth0.pcap`]);
      const pcap = Buffer.from(kept[0]!.content);
      expect(pcap.readUInt32LE(0)).toBe(0xa1b2c3d4);
      const text = await bed.host.run(["tcpdump", "-nn", "-r", "-"], { input: pcap });
      expect(text.match(/VXLAN, flags \[I\] .*vni 4097/g)!.length).toBeGreaterThanOrEqual(2);
    });

    it("sees a bare ping", async () => {
      const marker = uniqueMarker();
      const seen = await captureWhile({ ...options(), filter: "icmp" }, () =>
        bed.client.agent.ping({ address: bed.router.ip, marker }),
      );
      expect(carrying(seen, marker).map(({ packet }) => packet.vxlan)).toEqual([undefined, undefined]);
      expect(describeSeen(carrying(seen, marker))).toContain(
        `eth0: ${bed.client.ip} > ${bed.router.ip} icmp`,
      );
    });

    it("says nothing of what it saw when the kernel dropped packets, and keeps what there is", async () => {
      const marker = uniqueMarker();
      const kept: EvidenceFile[] = [];
      const flood = () =>
        bed.router.agent.ping({
          address: bed.far.ip,
          marker,
          count: 3_000,
          intervalMs: 0,
          packetBytes: 1_400,
        });
      // On the other link, or the flood would be in the other captures, too.
      const tiny = { ...options(kept), devices: ["eth1"], netns: bed.router.netns, bufferKiB: 8 };
      await expect(captureWhile(tiny, flood)).rejects.toThrow(ProbeFailed);
      await expect(captureWhile(tiny, flood)).rejects.toThrow(
        /incomplete: the kernel dropped [1-9]\d* packets/,
      );
      expect(kept).toHaveLength(2);
      // A capture alone ends as if it had seen everything: only the counter tells.
      await using alone = await startCapture(bed.host, { ...tiny, device: "eth1" });
      await flood();
      expect(await alone.stop()).not.toHaveLength(0);
      expect(alone.droppedByKernel).toBeGreaterThan(0);
    });

    it("throws what the work throws, and keeps the packets all the same", async () => {
      const kept: EvidenceFile[] = [];
      const failing = captureWhile(options(kept), async () => {
        await bed.client.agent.ping({ address: bed.router.ip });
        throw new Nonconformance({ who: "the work", expected: "success", got: "failure" });
      });
      await expect(failing).rejects.toThrow(Nonconformance);
      expect(kept[0]?.content.length).toBeGreaterThan(24);
    });

    it("fails when a capture ends during the work", async () => {
      const own = await startCapture(bed.host, { device: "eth0", netns: bed.client.netns });
      own.requireRunning();
      await own.stop();
      expect(() => own.requireRunning()).toThrow(ProbeFailed);
      const device = "brief0";
      await bed.client.run("ip", "link", "add", device, "type", "veth", "peer", "name", "brief1");
      await bed.client.run("ip", "link", "set", device, "up");
      await expect(
        captureWhile({ ...options(), devices: [device] }, () => bed.client.run("ip", "link", "del", device)),
      ).rejects.toThrow(ProbeFailed);
    });

    it("loses none of 500 packets that were sent just before it stops", async () => {
      const marker = uniqueMarker();
      const capture = await start("icmp[icmptype] == icmp-echo");
      await bed.client.agent.ping({ address: bed.router.ip, marker, count: 500, intervalMs: 0 });
      expect((await capture.stop()).filter((packet) => carries(packet, marker))).toHaveLength(500);
      expect(capture.droppedByKernel).toBe(0);
    });

    it("keeps a bounded number of bytes and then says that it is incomplete", async () => {
      const marker = uniqueMarker();
      const capture = await startCapture(bed.host, {
        device: "eth0",
        netns: bed.client.netns,
        filter: "icmp and greater 400",
        maxBytes: 2000,
      });
      await bed.client.agent.ping({ address: bed.router.ip, marker, count: 20, packetBytes: 400 });
      expect((await capture.stop()).some((packet) => carries(packet, marker))).toBe(true);
      expect(() => capture.requireComplete()).toThrow(/incomplete.*more than 2000 bytes/);
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
