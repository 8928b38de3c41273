import { createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ProbeFailed } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { recordCommands } from "#harness/host/transcript.ts";
import { createTestbed, type NamespaceTestbed } from "#harness/testing/support/namespace-testbed.ts";
import { NoRoute, ProbeAgent } from "./agent.ts";

const local = "127.0.0.1";

describe("a probe agent on loopback", () => {
  let agent: ProbeAgent;
  beforeAll(async () => {
    agent = await ProbeAgent.start(new LocalHost());
  });
  afterAll(() => agent.close());

  it.each(["tcp", "udp"] as const)(
    "reads the identity of a %s server, which logs who came",
    async (protocol) => {
      await using listener = await agent.listen({ protocol, ports: [0], identity: "web-1", address: local });
      const reach = await agent.connect({ protocol, address: local, port: listener.ports[0]!, nonce: "n-1" });
      expect(reach).toMatchObject({ state: "open", identity: "web-1", seenFrom: { address: local } });
      const arrivals = await listener.received();
      expect(arrivals).toMatchObject([
        { protocol, port: listener.ports[0], halfOpen: false, from: { address: local } },
      ]);
      expect(reach.state === "open" && reach.seenFrom).toEqual(arrivals[0]!.from);
    },
  );

  it("speaks SCTP where the kernel does, and says what is missing where it does not", async () => {
    const listening = agent.listen({ protocol: "sctp", ports: [0], identity: "web-1", address: local });
    const asked = { protocol: "sctp", address: local, timeoutMs: 1_000 } as const;
    const listener = await listening.catch(() => undefined);
    if (listener === undefined) {
      await expect(listening).rejects.toThrow("opening a socket: EPROTONOSUPPORT (Protocol not supported)");
      await expect(agent.connect({ ...asked, port: 1 })).rejects.toThrow("EPROTONOSUPPORT");
      return;
    }
    const [port = 0] = listener.ports;
    expect(await agent.connect({ ...asked, port })).toMatchObject({ state: "open", identity: "web-1" });
    expect(await listener.received()).toMatchObject([{ protocol: "sctp", port, halfOpen: false }]);
    await listener.close();
    expect(await agent.connect({ ...asked, port })).toMatchObject({ state: "refused" });
  });

  it("sends several attempts over UDP from the port that is asked for", async () => {
    const free = await agent.listen({ protocol: "udp", ports: [0], identity: "free", address: local });
    await free.close();
    const [fromPort = 0] = free.ports;
    await using listener = await agent.listen({
      protocol: "udp",
      ports: [0],
      identity: "web",
      address: local,
    });
    const target = { protocol: "udp", address: local, port: listener.ports[0]! } as const;
    const reaches = [
      await agent.connect({ ...target, fromPort }),
      await agent.connect({ ...target, fromPort }),
    ];
    expect(reaches).toMatchObject(
      reaches.map(() => ({ state: "open", seenFrom: { address: local, port: fromPort } })),
    );
  });

  it("reaches targets of all protocols at once, and servers tell who came with what", async () => {
    await using tcp = await agent.listen({ protocol: "tcp", ports: [0], identity: "web", address: local });
    await using udp = await agent.listen({ protocol: "udp", ports: [0], identity: "dns", address: local });
    const gone = await agent.listen({ protocol: "tcp", ports: [0], identity: "gone", address: local });
    await gone.close();
    const [web, dns, closed] = [tcp, udp, gone].map(({ ports: [port = 0] }) => port);
    const targets = [
      { protocol: "tcp", address: local, port: web! },
      { protocol: "udp", address: local, port: dns! },
      { protocol: "tcp", address: local, port: closed! },
      { protocol: "icmp", address: local },
    ] as const;
    await agent.reachAll({ targets, nonce: "before" });
    const nonce = "n-all";
    expect(await agent.reachAll({ targets, nonce })).toEqual([
      { state: "open", identity: "web" },
      { state: "open", identity: "dns" },
      { state: "refused" },
      { state: "open", identity: "" },
    ]);
    expect(await udp.received(nonce)).toMatchObject([{ protocol: "udp", port: dns, nonce }]);
    expect(await udp.received()).toHaveLength(2);
    await expect(agent.reachAll({ targets: [{ protocol: "tcp", address: local }] })).rejects.toThrow(
      "tcp 127.0.0.1: expected tcp, udp, sctp or icmp",
    );
  });

  it.each(["tcp", "udp"] as const)("calls a %s port without a server refused", async (protocol) => {
    const listener = await agent.listen({ protocol, ports: [0], identity: "gone", address: local });
    await listener.close();
    expect(await agent.connect({ protocol, address: local, port: listener.ports[0]! })).toMatchObject({
      state: "refused",
    });
  });

  it.each([
    ["closed", (socket: Socket): unknown => socket.resume().end()],
    ["reset", (socket: Socket): unknown => socket.resetAndDestroy()],
    ["timeout", (socket: Socket): unknown => socket.resume()],
  ] as const)("calls a server that accepts and says nothing silent (%s), never open", async (how, behave) => {
    const sockets: Socket[] = [];
    const server = await listenLocally((socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      behave(socket);
    });
    const { port } = server.address() as { port: number };
    const reach = await agent.connect({ protocol: "tcp", address: local, port, timeoutMs: 300 });
    for (const socket of sockets) socket.destroy();
    server.close();
    expect(reach).toMatchObject({ state: "silent", how });
  });

  it("holds a thousand servers and scans them at once", async () => {
    await using listener = await agent.listen({
      protocol: "tcp",
      ports: Array.from({ length: 1000 }, () => 0),
      identity: "many",
      address: local,
    });
    const reaches = await agent.scan({
      protocol: "tcp",
      address: local,
      ports: listener.ports,
      timeoutMs: 10_000,
    });
    expect([...reaches.keys()]).toEqual(listener.ports);
    expect(new Set([...reaches.values()].map((reach) => reach.state))).toEqual(new Set(["open"]));
    expect(await listener.received()).toHaveLength(1000);
  });

  it("leaves what it did and found in the transcript", async () => {
    const { entries, done } = recordCommands("M4", () =>
      agent.connect({ protocol: "tcp", address: local, port: 1, nonce: "n-2" }),
    );
    const reach = await done;
    expect(entries).toMatchObject([{ requirement: "M4", host: "local", code: 0 }]);
    expect(entries[0]!.argv.join(" ")).toMatch(
      /^probe scan protocol=tcp address=127.0.0.1 ports=1 .*nonce=n-2/,
    );
    expect(JSON.parse(entries[0]!.stdout)).toEqual([[1, reach]]);
  });

  it("says what is wrong when it cannot probe", async () => {
    await using listener = await agent.listen({ protocol: "tcp", ports: [0], identity: "a", address: local });
    await expect(
      agent.listen({ protocol: "tcp", ports: listener.ports, identity: "b", address: local }),
    ).rejects.toThrow(/listening on 127.0.0.1 tcp port \d+: EADDRINUSE/);
    await expect(agent.connect({ protocol: "tcp", address: "web", port: 80 })).rejects.toThrow(ProbeFailed);
    await expect(ProbeAgent.start(new LocalHost(), "/run/netns/no-such")).rejects.toThrow(
      /FileNotFoundError.*no-such/s,
    );
  });

  it("rejects what is under way, and later calls, once it is closed", async () => {
    const other = await ProbeAgent.start(new LocalHost());
    const server = await listenLocally((socket) => void socket.on("error", () => {}));
    const { port } = server.address() as { port: number };
    const pending = other.connect({ protocol: "tcp", address: local, port, timeoutMs: 30_000 });
    pending.catch(() => {});
    await other.close();
    server.close();
    await expect(pending).rejects.toThrow(/is closed/);
    await expect(other.connect({ protocol: "tcp", address: local, port })).rejects.toThrow(/is closed/);
  });

  it("resolves names at the name server given, and tells its silence from its refusal", async () => {
    const listener = await agent.listen({ protocol: "udp", ports: [0], identity: "not dns", address: local });
    const query = { name: "web.test", nameserver: local, port: listener.ports[0]!, timeoutMs: 200 };
    expect(await agent.resolve(query)).toEqual({ state: "no answer" });
    await listener.close();
    expect(await agent.resolve(query)).toEqual({ state: "refused" });
  });
});

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

async function listenLocally(onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(0, local, resolve));
  return server;
}
