import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestbed, type NamespaceTestbed } from "#harness/testing/support/namespace-testbed.ts";
import { NoRoute } from "./agent.ts";

// Making a network namespace takes root.
if (process.getuid?.() === 0) {
  describe.concurrent("probe agents in network namespaces", { timeout: 30_000 }, () => {
    let bed: NamespaceTestbed;
    beforeAll(async () => {
      bed = await createTestbed();
    });
    afterAll(() => bed[Symbol.asyncDispose]());

    const rule = (...rule: string[]) => bed.far.run("iptables", "-w", "-A", "INPUT", ...rule);

    it.each(["tcp", "udp"] as const)(
      "tells open, refused, dropped and unreachable apart over %s",
      async (protocol) => {
        const { client, far } = bed;
        await using _servers = await far.agent.listen({
          protocol,
          ports: { from: 7000, to: 7004 },
          identity: "far",
        });
        await rule("-p", protocol, "--dport", "7001", "-j", "DROP");
        await rule("-p", protocol, "--dport", "7002", "-j", "REJECT");
        await rule(
          "-p",
          protocol,
          "--dport",
          "7003",
          "-j",
          "REJECT",
          "--reject-with",
          "icmp-admin-prohibited",
        );
        await rule(
          "-p",
          protocol,
          "--dport",
          "7004",
          "-j",
          "REJECT",
          "--reject-with",
          "icmp-host-unreachable",
        );
        const reaches = await client.agent.scan({
          protocol,
          address: far.ip,
          ports: { from: 7000, to: 7005 },
          timeoutMs: 1500,
        });
        expect([...reaches.values()].map((reach) => reach.state)).toEqual([
          "open",
          "dropped",
          "refused",
          "unreachable",
          "unreachable",
          "refused",
        ]);
      },
    );

    it("logs a client whose answer gets lost on the way back", async () => {
      const { client, far } = bed;
      await using udp = await far.agent.listen({ protocol: "udp", ports: [7100], identity: "far" });
      await using tcp = await far.agent.listen({ protocol: "tcp", ports: [7100], identity: "far" });
      await far.run("iptables", "-w", "-A", "OUTPUT", "-p", "udp", "--sport", "7100", "-j", "DROP");
      await far.run("iptables", "-w", "-A", "OUTPUT", "-p", "tcp", "--sport", "7100", "-j", "DROP");
      const target = { address: far.ip, port: 7100, timeoutMs: 500 };
      expect(await client.agent.connect({ protocol: "udp", nonce: "lost-1", ...target })).toMatchObject({
        state: "dropped",
      });
      expect(await udp.received()).toContainEqual(expect.objectContaining({ nonce: "lost-1" }));
      expect(await client.agent.connect({ protocol: "tcp", ...target })).toMatchObject({ state: "dropped" });
      expect(await tcp.received()).toMatchObject([{ halfOpen: true, from: { address: client.ip } }]);
    });

    it("scans a thousand dropped ports in less than two timeouts", async () => {
      await rule("-p", "tcp", "--dport", "20000:20999", "-j", "DROP");
      const timeoutMs = 2000;
      const start = performance.now();
      const reaches = await bed.client.agent.scan({
        protocol: "tcp",
        address: bed.far.ip,
        ports: { from: 20000, to: 20999 },
        timeoutMs,
      });
      expect(performance.now() - start).toBeLessThan(2 * timeoutMs);
      expect([...reaches.values()].filter((reach) => reach.state === "dropped")).toHaveLength(1000);
    });

    it("pings over IPv4 and IPv6, and reports the MTU on the path and of the own link", async () => {
      const { agent } = bed.client;
      const plain = await agent.ping({ address: bed.far.ip, count: 3, intervalMs: 10 });
      expect(plain).toMatchObject({ sent: 3, received: 3, errors: [] });
      expect(plain.replies[0]).toMatchObject({ seq: 1, ttl: 63 });
      expect((await agent.ping({ address: bed.far.ip6 })).replies).toMatchObject([{ seq: 1, ttl: 63 }]);
      for (const [address, by] of [
        [bed.far.ip, bed.router.ip],
        [bed.far.ip6, bed.router.ip6],
      ] as const) {
        const whole = { address, dontFragment: true, timeoutMs: 500 };
        expect(await agent.ping({ ...whole, packetBytes: 1300 })).toMatchObject({ received: 1, errors: [] });
        expect(await agent.ping({ ...whole, packetBytes: 1301 })).toMatchObject({
          received: 0,
          errors: [{ kind: "fragmentation needed", local: false, mtu: 1300, by }],
        });
        expect(await agent.ping({ ...whole, packetBytes: 1501 })).toMatchObject({
          received: 0,
          errors: [{ kind: "fragmentation needed", local: true }],
        });
      }
    });

    it("sends datagrams of an exact size and says which do not fit", async () => {
      const { client, router } = bed;
      await using _server = await router.agent.listen({ protocol: "udp", ports: [7200], identity: "router" });
      for (const address of [router.ip, router.ip6]) {
        const target = { address, port: 7200 };
        expect(await client.agent.sendDatagram({ ...target, packetBytes: 1500 })).toMatchObject({
          state: "delivered",
          identity: "router",
          bytes: 1500,
        });
        expect(await client.agent.sendDatagram({ ...target, packetBytes: 1501 })).toMatchObject({
          state: "too big",
          error: { local: true, mtu: 1500 },
        });
        expect(
          await client.agent.sendDatagram({ ...target, packetBytes: 1501, dontFragment: false }),
        ).toMatchObject({
          state: "delivered",
        });
      }
      await router.run(
        "iptables",
        "-w",
        "-A",
        "INPUT",
        "-p",
        "udp",
        "-m",
        "length",
        "--length",
        "1400:",
        "-j",
        "DROP",
      );
      expect(
        await client.agent.sendDatagram({
          address: router.ip,
          port: 7200,
          packetBytes: 1450,
          timeoutMs: 300,
        }),
      ).toEqual({ state: "lost" });
    });

    it("sends a datagram of any bytes, which nobody answers", async () => {
      const { client, router } = bed;
      await using server = await router.agent.listen({ protocol: "udp", ports: [7201], identity: "router" });
      for (const address of [router.ip, router.ip6]) {
        await client.agent.send({ address, port: 7201, payload: Buffer.from(`to ${address}\n`) });
        await expect
          .poll(async () => (await server.received()).map(({ nonce }) => nonce))
          .toContain(`to ${address}`);
      }
    });

    it("calls a target without a route a NoRoute, and an unused neighbour unreachable", async () => {
      const { agent } = bed.client;
      await expect(agent.connect({ protocol: "tcp", address: "203.0.113.1", port: 1 })).rejects.toThrow(
        NoRoute,
      );
      await expect(agent.connect({ protocol: "udp", address: "203.0.113.1", port: 1 })).rejects.toThrow(
        NoRoute,
      );
      await expect(agent.ping({ address: "203.0.113.1" })).rejects.toThrow(NoRoute);
      expect(
        await agent.connect({ protocol: "tcp", address: "192.0.2.77", port: 1, timeoutMs: 10_000 }),
      ).toMatchObject({ state: "unreachable", errno: "EHOSTUNREACH" });
    });

    it("sees that its own namespace refuses to send", async () => {
      const { agent, run } = bed.client;
      const refused = { address: "192.0.2.99", timeoutMs: 500 };
      await run("iptables", "-w", "-A", "OUTPUT", "-d", refused.address, "-j", "DROP");
      const unsent = { state: "unreachable", errno: "EPERM" };
      expect(await agent.connect({ ...refused, protocol: "udp", port: 53 })).toMatchObject(unsent);
      const error = { kind: "refused to send", local: true, errno: "EPERM" };
      expect(await agent.ping({ ...refused, count: 2, intervalMs: 10 })).toEqual({
        ...{ sent: 2, received: 0, replies: [], errors: [error, error] },
      });
      expect(await agent.sendDatagram({ ...refused, port: 53, packetBytes: 100 })).toEqual({
        ...{ state: "unreachable", error },
      });
      expect(await agent.resolve({ nameserver: refused.address, name: "web", timeoutMs: 500 })).toEqual({
        ...{ state: "no answer", errno: "EPERM" },
      });
      const targets = [
        { protocol: "udp", address: refused.address, port: 53 },
        { protocol: "icmp", address: refused.address },
      ] as const;
      expect(await agent.reachAll({ targets, timeoutMs: 500 })).toEqual([
        { state: "unreachable" },
        { state: "unreachable" },
      ]);
      // What connects is not told of it.
      expect(await agent.connect({ ...refused, protocol: "tcp", port: 53 })).toMatchObject({
        state: "dropped",
      });
    });

    it("reaches servers over IPv6", async () => {
      await using _servers = await bed.far.agent.listen({ protocol: "tcp", ports: [7300], identity: "six" });
      expect(
        await bed.client.agent.connect({ protocol: "tcp", address: bed.far.ip6, port: 7300 }),
      ).toMatchObject({
        state: "open",
        identity: "six",
        seenFrom: { address: bed.client.ip6 },
      });
    });
  });
}
