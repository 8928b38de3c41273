import { createServer, type Server, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ProbeFailed } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { recordCommands } from "#harness/host/transcript.ts";
import { ProbeAgent } from "./agent.ts";
import { endForkServer } from "./fork-server.ts";

const local = "127.0.0.1";
/** Where the machine has it. */
const loopback6 = ["::1"].filter((address) =>
  Object.values(networkInterfaces()).some((each) => each?.some((one) => one.address === address)),
);

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

  const overSctp = "speaks SCTP at %s where the kernel does, and says what is missing where it does not";
  it.each([local, ...loopback6])(overSctp, async (address) => {
    const listening = agent.listen({ protocol: "sctp", ports: [0], identity: "web-1", address });
    const asked = { protocol: "sctp", address, timeoutMs: 1_000 } as const;
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

  it("goes on when what started it was ended, and the next one is started anew", async () => {
    const host = new LocalHost();
    const first = await ProbeAgent.start(host);
    await endForkServer(host);
    await using next = await ProbeAgent.start(host);
    const [one, other] = await Promise.all(
      [first, next].map((agent) => agent.ping({ address: local, timeoutMs: 2_000 })),
    );
    expect([one?.received, other?.received]).toEqual([1, 1]);
    await first.close();
    await endForkServer(host);
  });

  it("resolves names at the name server given, and tells its silence from its refusal", async () => {
    const listener = await agent.listen({ protocol: "udp", ports: [0], identity: "not dns", address: local });
    const query = { name: "web.test", nameserver: local, port: listener.ports[0]!, timeoutMs: 200 };
    expect(await agent.resolve(query)).toEqual({ state: "no answer" });
    await listener.close();
    expect(await agent.resolve(query)).toEqual({ state: "refused" });
  });
});

async function listenLocally(onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(0, local, resolve));
  return server;
}
