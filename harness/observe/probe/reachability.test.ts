import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Nonconformance, ProbeFailed } from "#harness/core/errors.ts";
import { View } from "#harness/observe/second-look/view.ts";
import {
  createTestbed,
  type NamespaceTestbed,
  type TestNamespace,
} from "#harness/testing/support/namespace-testbed.ts";
import { describeWrong, expectTruthTable, readTruthTable } from "./mesh/truth-table.ts";
import { expectNoName } from "./names.ts";
import { expectDatagram, expectNoPing, expectPing } from "./path.ts";
import { expectBlocked, expectOpen, expectRefused } from "./reachability.ts";
import { type Peer, serve } from "./service.ts";

describe("describeWrong", () => {
  it("joins neighbouring ports that are wrong in the same way", () => {
    const cell = { client: "web", expected: "blocked", got: "open" } as const;
    expect(describeWrong([80, 81, 82, 90].map((port) => ({ ...cell, port })))).toBe(
      "  web: port 80-82 expected blocked, got open\n  web: port 90 expected blocked, got open",
    );
  });
});

if (process.getuid?.() === 0) {
  describe.concurrent("reachability between namespaces", { timeout: 30_000 }, () => {
    let bed: NamespaceTestbed;
    let client: Peer;
    let router: Peer;
    let far: Peer;
    beforeAll(async () => {
      bed = await createTestbed();
      const peer = (name: string, at: TestNamespace): Peer => ({
        name,
        ip: at.ip,
        agent: async () => at.agent,
      });
      client = peer("client", bed.client);
      router = peer("router", bed.router);
      far = peer("far", bed.far);
    });
    afterAll(() => bed[Symbol.asyncDispose]());

    const quick = { windowMs: 400, timeoutMs: 400 };
    const brief = { ...quick, controlDeadlineMs: 300 };
    const block = (chain: string, ...rule: string[]) => bed.far.run("iptables", "-w", "-A", chain, ...rule);

    it("is open when the server's identity comes back, and only then", async () => {
      await using service = await serve(far, { ports: [8000], identity: "far-a" });
      await expect(expectOpen(client, service.at(8000))).resolves.toMatchObject({ identity: "far-a" });
      await expect(
        expectOpen(client, { ...service.at(8000), identity: "far-b" }, { deadlineMs: 200 }),
      ).rejects.toThrow(
        /^client to far \(tcp 198.51.100.2:8000\): expected open, answered by "far-b", got open \(answered "far-a"\) after 200 ms\n {2}reproduce: local\$ nsenter --net=\S+ timeout 2 bash -c/,
      );
      await expectRefused(client, service.at(8001));
      await expect(expectRefused(client, service.at(8000), { deadlineMs: 200 })).rejects.toThrow(
        Nonconformance,
      );
    });

    it("waits for a server that comes late", async () => {
      const late = { name: "far", protocol: "tcp", address: far.ip, port: 8010, identity: "late" } as const;
      const open = expectOpen(client, late);
      await expectRefused(client, late);
      await using _service = await serve(far, { ports: [8010], identity: "late" });
      await open;
    });

    it("calls a missing route the plugin's fault in a positive check and the probe's in a negative one", async () => {
      await using service = await serve(far, { ports: [8020] });
      const elsewhere = { ...service.at(8020), address: "203.0.113.9" };
      await expect(expectOpen(client, elsewhere, { deadlineMs: 200 })).rejects.toThrow(/got no route to it/);
      const control = { target: service.at(8020) };
      await expect(expectBlocked(client, elsewhere, { control })).rejects.toThrow(ProbeFailed);
    });

    it("tells a client whose own namespace refuses to send from a probe that does not work", async () => {
      await using service = await serve(far, { ports: { from: 8030, to: 8032 }, protocol: "udp" });
      const refuse = (...rule: string[]) =>
        bed.client.run("iptables", "-w", "-A", "OUTPUT", ...rule, "-j", "DROP");
      await refuse("-p", "udp", "--dport", "8031");
      await refuse("-p", "icmp", "-d", "192.0.2.98");
      const target = service.at(8031);
      const told = /got unreachable \(EPERM: its own namespace refuses to send\)/;
      for (const check of [expectOpen, expectRefused]) {
        const failed = await check(client, target, { deadlineMs: 200 }).catch((error: unknown) => error);
        expect(failed).toBeInstanceOf(Nonconformance);
        expect(String(failed)).toMatch(told);
      }
      const elsewhere = { name: "nobody", ip: "192.0.2.98" };
      await expect(expectPing(client, elsewhere, { deadlineMs: 200 })).rejects.toThrow(
        /got 0 of 1 answered; its own namespace refuses to send \(EPERM\)/,
      );
      const view = new View([]);
      await view.run(async () => {
        await expectBlocked(client, target, { ...quick, control: { target: service.at(8030) } });
        await expectNoPing(client, elsewhere, { control: { to: router } });
        const table = { ...quick, control: router, ports: [8030, 8031] };
        await expectTruthTable([client], service, (_, port) => port !== 8031, table);
      });
      expect(view.told).toEqual([
        "client does not reach far (udp 198.51.100.2:8031) because its own namespace refuses to send",
        "client does not reach nobody because its own namespace refuses to send",
        "client does not reach far because its own namespace refuses to send",
      ]);
    });

    it.each(["tcp", "udp"] as const)(
      "is blocked by DROP and by REJECT over %s beside an open control",
      async (protocol) => {
        await using service = await serve(far, { ports: { from: 8100, to: 8102 }, protocol });
        await block("INPUT", "-p", protocol, "--dport", "8101", "-s", client.ip, "-j", "DROP");
        await block("INPUT", "-p", protocol, "--dport", "8102", "-s", client.ip, "-j", "REJECT");
        await expectBlocked(client, service.at(8101), { ...quick, control: { target: service.at(8100) } });
        await expectBlocked(client, service.at(8102), { ...quick, control: { target: service.at(8100) } });
        await expect(
          expectBlocked(client, service.at(8100), { ...quick, control: { target: service.at(8100) } }),
        ).rejects.toThrow(/expected blocked, got open \(answered "far"\)/);
      },
    );

    it("refuses to call blocked what has no working control", async () => {
      await using service = await serve(far, { ports: [8200, 8201] });
      await block("INPUT", "-p", "tcp", "--dport", "8200:8201", "-j", "DROP");
      const target = service.at(8200);
      await expect(
        expectBlocked(client, target, { ...brief, control: { target: service.at(8201) } }),
      ).rejects.toThrow(/positive control failed before/);
      const foreign = {
        name: "far",
        protocol: "tcp",
        address: far.ip,
        port: 8200,
        identity: undefined,
      } as const;
      await expect(expectBlocked(client, foreign, { control: { target } })).rejects.toThrow(/not listening/);
    });

    it.each(["tcp", "udp"] as const)(
      "is not blocked when only the answer is lost over %s",
      async (protocol) => {
        await using service = await serve(far, { ports: [8300, 8301], protocol });
        await block("OUTPUT", "-p", protocol, "--sport", "8301", "-j", "DROP");
        await expect(
          expectBlocked(client, service.at(8301), { ...quick, control: { target: service.at(8300) } }),
        ).rejects.toThrow(/expected blocked, got dropped, but only the answer/);
      },
    );

    it("gives a rule time to take effect only where asked to", async () => {
      await using service = await serve(far, { ports: [8400, 8401] });
      const control = { target: service.at(8400) };
      const blocked = expectBlocked(client, service.at(8401), { control, settleMs: 20_000 });
      await block("INPUT", "-p", "tcp", "--dport", "8401", "-j", "DROP");
      await blocked;
    });

    it("holds pings and names to the same controls", async () => {
      await expectPing(client, far, { packetBytes: 1300, dontFragment: true });
      await expect(
        expectPing(client, far, { packetBytes: 1400, dontFragment: true, deadlineMs: 200 }),
      ).rejects.toThrow(/got 0 of 1 answered; fragmentation needed, mtu 1300/);
      await block("INPUT", "-p", "icmp", "-j", "DROP");
      await expectNoPing(client, far, { control: { to: router } });
      await expect(expectNoPing(client, router, { control: { to: router } })).rejects.toThrow(Nonconformance);
      await expect(
        expectNoPing(client, router, { ...brief, control: { to: { name: "none", ip: "192.0.2.99" } } }),
      ).rejects.toThrow(ProbeFailed);
      const nowhere = { name: "web", nameserver: router.ip };
      await expect(
        expectNoName(client, nowhere, { control: { ...nowhere, addresses: ["192.0.2.1"] }, ...brief }),
      ).rejects.toThrow(ProbeFailed);
    });

    it("sees a datagram of an exact size through", async () => {
      await using service = await serve(far, { ports: [8500], protocol: "udp" });
      await expectDatagram(client, service.at(8500), { packetBytes: 1300 });
      await expectDatagram(client, service.at(8500), { packetBytes: 1301, allowed: ["too big"] });
      await expectDatagram(client, service.at(8500), { packetBytes: 1301, dontFragment: false });
      await expect(
        expectDatagram(client, service.at(8500), { packetBytes: 1301, deadlineMs: 100 }),
      ).rejects.toThrow(/to be delivered, got too big: fragmentation needed, mtu 1300/);
    });

    it("reads a truth table of a thousand ports and names every wrong cell", async () => {
      const ports = { from: 30_000, to: 30_999 };
      await using service = await serve(far, { ports });
      await block("INPUT", "-p", "tcp", "-s", client.ip, "--dport", "30100:30999", "-j", "DROP");
      const table = await readTruthTable([client, router], service);
      expect([...table.get("router")!.values()].filter((reach) => reach.state === "open")).toHaveLength(1000);
      const allows = (name: string, port: number) => name === "router" || port < 30_100;
      await expectTruthTable([client], service, allows, { control: router });
      await expect(
        expectTruthTable([client], service, (name, port) => allows(name, port) || port === 30_500, {
          control: router,
        }),
      ).rejects.toThrow(/port 30500 expected open, got dropped/);
    });
  });
}
