import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { createTestbed, type NamespaceTestbed } from "#harness/testing/support/namespace-testbed.ts";
import { type PlacedCount, verdictsByCounts } from "./counted.ts";
import type { Sight } from "./follow.ts";
import { type Probe, whichHop } from "./hop.ts";
import type { Place } from "./places.ts";

describe("a rule that counted as much as was last seen", () => {
  const host = new LocalHost();
  const [inside, beside] = ["c-2", "local"].map(
    (name) => ({ name, host, path: `/${name}`, links: [], isClient: false, isTarget: false }) satisfies Place,
  );
  const packet = {
    ip: { source: "192.0.2.2", destination: "198.51.100.2", protocol: 6, length: 60 },
    tcp: { sourcePort: 40_000, destinationPort: 7406, syn: true },
    payload: Buffer.alloc(0),
    time: 1,
  } as Sight["packet"];
  const judged = (outgoing: boolean) => {
    const sight: Sight = { place: inside!, link: "eth0", outgoing, packet, frame: packet };
    const count: PlacedCount = {
      ...{ place: beside!, verdict: "drop", family: "ip", table: "filter", chain: "INPUT", handle: 1 },
      ...{ rule: "-j DROP", packets: 1, bytes: 60, read: { from: 2, to: 3 } },
    };
    return verdictsByCounts({ requests: [sight], answers: [], arp: [], told: [] }, [sight], [count]);
  };

  test("in another namespace of the host is no rule for what had come into this one", () => {
    expect(judged(false)).toEqual([]);
  });

  test("there is one for what had left it", () => {
    expect(judged(true)).toMatchObject([{ place: { name: "local" }, verdict: "drop" }]);
  });
});

const hasOldTables =
  (await new LocalHost().exec(["unshare", "--net", "iptables-legacy", "-t", "mangle", "-S"])).code === 0;

/** What is seen is told here, however busy the machine is. */
const deadlineMs = 20_000;

// Whether a machine has the kernel's old tables, and may make namespaces, differs.
if (hasOldTables) {
  describe("a hop where the kernel's old tables judge", { timeout: 60_000 }, () => {
    let bed: NamespaceTestbed;
    beforeAll(async () => {
      bed = await createTestbed();
    });
    afterAll(() => bed[Symbol.asyncDispose]());

    // A look ends before the last datagrams of its probe were sent, and a rule of the test before would count them.
    const sent: Promise<unknown>[] = [];
    afterEach(() => Promise.allSettled(sent.splice(0)));
    const connect = (target: Parameters<typeof bed.client.agent.connect>[0]) => {
      const asked = bed.client.agent.connect(target);
      sent.push(asked);
      return asked;
    };

    const legacy = (...rule: string[]) => bed.far.run("iptables-legacy", "-w", ...rule);
    const tables = () => bed.far.run("iptables-legacy-save");
    const probe = (protocol: "tcp" | "udp", port: number): Probe => {
      const [from, peer] = [bed.client, bed.far].map(({ agent, ip }, at) => ({
        ...{ name: at === 0 ? "c-1" : "c-2", ip },
        agent: async () => agent,
      }));
      const target = { protocol, address: bed.far.ip, port };
      return {
        ...{ from: from!, to: { name: "c-2", peer }, marker: "n-1", ports: [port], protocol },
        address: bed.far.ip,
        again: () => connect({ ...target, nonce: "n-1", timeoutMs: 1_500 }),
      };
    };

    test.each(["tcp", "udp"] as const)(
      "has the rule that counted the probe over %s, and leaves the tables as they were",
      async (protocol) => {
        await legacy("-A", "INPUT", "-p", protocol, "--dport", "7401", "-j", "DROP");
        await legacy("-A", "INPUT", "-p", protocol, "--dport", "7402", "-j", "DROP");
        const before = (await tables()).replaceAll(/^#.*|\[.*\]/gm, "");
        const { says } = await whichHop(probe(protocol, 7402), [bed.host], deadlineMs);
        expect(says).toBe(
          `it arrived at c-2 eth0 (in) from 192.0.2.2, dropped by iptables filter INPUT on c-2: ` +
            `-p ${protocol} -m ${protocol} --dport 7402 -j DROP`,
        );
        expect((await tables()).replaceAll(/^#.*|\[.*\]/gm, "")).toBe(before);
      },
    );

    test("has no rule where one counted more than the probe", async () => {
      await using servers = await bed.far.agent.listen({ protocol: "udp", ports: [7404], identity: "far" });
      await legacy("-A", "INPUT", "-p", "udp", "--dport", "7403:7405", "-j", "DROP");
      const other = {
        protocol: "udp",
        address: bed.far.ip,
        port: servers.ports[0]!,
        timeoutMs: 300,
      } as const;
      const asked = probe("udp", 7403);
      const again = () => Promise.all([asked.again(), connect(other)]);
      const { says } = await whichHop({ ...asked, again }, [bed.host], deadlineMs);
      expect(says).toBe("it arrived at c-2 eth0 (in) from 192.0.2.2, and no answer was sent");
    });

    test("has the policy of a chain", async () => {
      await legacy("-t", "mangle", "-P", "INPUT", "DROP");
      const { says } = await whichHop(probe("tcp", 7406), [bed.host], deadlineMs);
      await legacy("-t", "mangle", "-P", "INPUT", "ACCEPT");
      expect(says).toMatch(/dropped by iptables mangle INPUT on c-2: policy drop$/);
    });
  });
}
