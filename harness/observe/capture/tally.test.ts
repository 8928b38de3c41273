import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Scope } from "#harness/core/async/scope.ts";
import { createTestbed, type NamespaceTestbed } from "#harness/testing/support/namespace-testbed.ts";
import { Tally } from "./tally.ts";

if (process.getuid?.() === 0) {
  describe("a tally in a network namespace", { timeout: 30_000 }, () => {
    const scope = new Scope("tally");
    let bed: NamespaceTestbed;
    let tally: Tally;
    beforeAll(async () => {
      bed = await createTestbed();
      tally = await Tally.start(scope, bed.host, bed.router.netns);
    });
    afterAll(async () => {
      await scope.close();
      await bed[Symbol.asyncDispose]();
    });
    const ping = (packetBytes: number, count: number) =>
      bed.client.agent.ping({ address: bed.router.ip, packetBytes, count, intervalMs: 1 });

    it("tells the first echo request of a length, and all of them, by their source", async () => {
      const first = tally.first(201, 10_000);
      await ping(201, 50);
      await ping(202, 1);
      expect(await first).toMatchObject([{ source: bed.client.ip }]);
      const [seen] = await tally.take(201);
      expect(seen).toMatchObject({ source: bed.client.ip, count: 50 });
      expect(seen!.firstAgoMs).toBeGreaterThan(seen!.lastAgoMs);
      expect(await tally.take(201)).toEqual([]);
      expect(await tally.take(202)).toMatchObject([{ count: 1 }]);
    });

    it("tells all lengths at once, and then has none", async () => {
      await ping(204, 3);
      await ping(205, 1);
      const all = await tally.takeAll();
      expect([...all].map(([bytes, seen]) => [bytes, seen.map(({ count }) => count)])).toEqual([
        [204, [3]],
        [205, [1]],
      ]);
      expect(await tally.takeAll()).toEqual(new Map());
    });

    it("tells that nothing came", async () => {
      expect(await tally.first(203, 1)).toEqual([]);
    });
  });
}
