import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "#harness/core/async/poll.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { Nonconformance } from "#harness/core/errors.ts";
import type { Peer } from "#harness/observe/probe/service.ts";
import {
  createTestbed,
  type NamespaceTestbed,
  type TestNamespace,
} from "#harness/testing/support/namespace-testbed.ts";
import { HeldConnection, tellAll } from "./connection.ts";
import { countIn, longestGap } from "./stream.ts";

if (process.getuid?.() === 0) {
  describe.concurrent("a connection that is held between namespaces", { timeout: 30_000 }, () => {
    let bed: NamespaceTestbed;
    let client: Peer;
    let far: Peer;
    const scope = new Scope("held connections");
    beforeAll(async () => {
      bed = await createTestbed();
      const peer = (name: string, at: TestNamespace): Peer => ({
        name,
        ip: at.ip,
        agent: async () => at.agent,
      });
      client = peer("client", bed.client);
      far = peer("far", bed.far);
    });
    afterAll(async () => {
      await scope.close();
      await bed[Symbol.asyncDispose]();
    });

    const told = async (connection: HeldConnection) => (await tellAll([connection]))[0]!;
    const more = async (connection: HeldConnection, lines: number) => {
      const before = await connection.counts();
      await until({ what: `${lines} more lines`, deadlineMs: 10_000 }, async () => {
        const { there, back } = await connection.counts();
        return there >= before.there + lines && back >= before.back + lines;
      });
    };

    it.each(["tcp", "udp"] as const)(
      "carries numbered lines over %s in both directions, in order",
      async (protocol) => {
        const connection = await HeldConnection.open(scope, { from: client, to: far, protocol, everyMs: 5 });
        await more(connection, 20);
        const { there, back, lookedAt, ended } = await told(connection);
        expect(ended).toBeUndefined();
        for (const stream of [there, back]) {
          const period = { from: 0, to: stream.sent[20]! };
          // A sender that was held up sends several lines in one millisecond.
          const before = stream.sent.indexOf(period.to);
          expect(before).toBeGreaterThan(0);
          expect(countIn(stream, period)).toEqual({ sent: before, arrived: before });
          expect(longestGap(stream, period, lookedAt)!.ms).toBeGreaterThanOrEqual(0);
        }
      },
    );

    it.each(["tcp", "udp"] as const)("tells how long nothing got through over %s", async (protocol) => {
      const connection = await HeldConnection.open(scope, { from: client, to: far, protocol, everyMs: 5 });
      const rule = ["-p", protocol, "--dport", `${connection.port}`, "-j", "DROP"];
      const from = Date.now();
      await bed.far.run("iptables", "-w", "-A", "INPUT", ...rule);
      const { sent } = await connection.counts();
      await until({ what: "lines to be lost", deadlineMs: 10_000 }, async () => {
        return (await connection.counts()).sent >= sent + 40;
      });
      await bed.far.run("iptables", "-w", "-D", "INPUT", ...rule);
      await more(connection, 5);
      const { there, lookedAt } = await told(connection);
      expect(longestGap(there, { from, to: lookedAt }, lookedAt)!.ms).toBeGreaterThanOrEqual(190);
    });

    it("hears datagrams of ever new ports, which nobody answers", async () => {
      const spec = { from: client, to: far, protocol: "udp", fresh: true, everyMs: 5 } as const;
      const connection = await HeldConnection.open(scope, spec);
      await until({ what: "ten datagrams", deadlineMs: 10_000 }, async () => {
        return (await connection.counts()).there >= 10;
      });
      const { there, back } = await told(connection);
      expect(there.arrived.filter((at) => at !== undefined).length).toBeGreaterThanOrEqual(10);
      expect(back.sent).toEqual([]);
    });

    it("is the plugin's failure where it does not come about", async () => {
      const rule = ["-p", "tcp", "--dport", "8800", "-j", "REJECT"];
      await bed.far.run("iptables", "-w", "-A", "INPUT", ...rule);
      const spec = { from: client, to: far, protocol: "tcp", port: 8800 } as const;
      await expect(HeldConnection.open(scope, spec)).rejects.toThrow(Nonconformance);
    });
  });
}
