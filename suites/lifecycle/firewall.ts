import { heldOver, ipv6FilteredSince } from "#harness/conformance/ip-versions/each.ts";
import { expectEgress } from "#harness/conformance/ip-versions/egress.ts";
import { peerOf, type StackedHosts } from "#harness/conformance/ip-versions/hosts.ts";
import { ipVersionsOf, type Stacked } from "#harness/conformance/ip-versions/stacked.ts";
import { besideControl } from "#harness/observe/probe/control.ts";
import { Knocks, type KnocksRecord } from "#harness/observe/probe/held/knocks.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { expectOpen, showReached } from "#harness/observe/probe/reachability.ts";
import { type Peer, serve } from "#harness/observe/probe/service.ts";
import type { FailedCheck } from "#harness/observe/second-look/failure.ts";
import type { Workload } from "#harness/workload/workload.ts";
import {
  addressesBehindNode,
  expectApart,
  refuseNoneBehind,
  routeThrough,
} from "#suites/datapath/fixture.ts";
import { expectReached, type LifecycleTest } from "./fixture.ts";

/** A port of the container that its node does not publish. */
const knockedPort = 8084;

/** A container that publishes a port, one of another network of its node, and a peer of the first one's, each with its network. */
export interface Kept {
  readonly kept: Workload;
  readonly stacked: Stacked;
  readonly stranger: Workload;
  readonly others: Stacked;
  readonly peer: Workload;
  readonly everywhere: StackedHosts;
  readonly hostPort: number;
}

/** What the driver declares of publishing, egress and isolation holds over each IP version, over IPv6 where Docker promises that. */
export async function expectAsDeclared(
  test: LifecycleTest,
  { kept, stacked, stranger, others, peer, everywhere, hostPort }: Kept,
): Promise<void> {
  const { capabilities } = test.declaration;
  await expectReached(test, kept, { from: peer, stacked, everywhere, hostPort });
  const held = heldOver(test, stacked.versions, { since: ipv6FilteredSince });
  if (capabilities.includes("outbound")) {
    await Promise.all(held.map((version) => expectEgress(stranger, everywhere.over(version))));
  }
  if (!capabilities.includes("isolation")) return;
  const ways = held.map(async (version) => {
    const [target, from, control] = await Promise.all([
      stacked.over(version, kept),
      others.over(version, stranger),
      stacked.over(version, peer),
    ]);
    return { from, target, control: () => control };
  });
  await expectApart(await Promise.all(ways));
}

/** Attempts from outside that go on. */
export interface Watch {
  /** Resolves when that many more were made at each address. */
  more(attempts: number): Promise<void>;
  /**
   * Ends them; resolves to what was seen, each time. Throws `ProbeFailed` where the control fails. Server and routes stay, for those who want
   * to see it by hand, until `close`.
   */
  stop(): Promise<WatchRecord>;
  close(): Promise<void>;
}

export interface WatchRecord extends KnocksRecord {
  /** How one sees it once more, where something arrived. */
  readonly shown: Pick<FailedCheck, "byHand" | "probe">;
}

/**
 * The external host sends to a port of the container that nobody published, at its addresses behind the node of each IP version, until `stop` or until `scope`
 * closes. Before and after it the node itself is answered there, and the external host by the node on the way. Throws `Unsupported` for a
 * container without such addresses.
 */
export async function watchFromOutside(
  test: LifecycleTest,
  workload: Workload,
  everywhere: StackedHosts,
): Promise<Watch> {
  const { scope, cluster } = test;
  const { node } = workload;
  const { external } = cluster;
  const own = scope.child(`attempts from ${external.name}`);
  const behind: { ip: string; gateway: string; outside: Peer; here: Peer }[] = [];
  for (const version of heldOver(test, await ipVersionsOf(test), { since: ipv6FilteredSince })) {
    const hosts = everywhere.over(version);
    const here = peerOf(hosts, node);
    const found = await addressesBehindNode(workload, version);
    for (const address of new Set(found.flatMap(({ ip, gateway }) => [ip, gateway]))) {
      await routeThrough(own, external, address, here.ip);
    }
    behind.push(...found.map((address) => ({ ...address, outside: hosts.external, here })));
  }
  refuseNoneBehind(workload, behind);
  const server = await serve(workload, { ports: [knockedPort], protocol: "udp" });
  const ways = behind.map((way) => ({ ...way, target: server.at(knockedPort, { address: way.ip }) }));
  const control = () =>
    Promise.all(
      ways.flatMap(({ outside, here, gateway, target }) => [
        expectPing(outside, { name: node.name, ip: gateway }),
        expectOpen(here, target),
      ]),
    );

  const begun = Promise.withResolvers<Knocks[]>();
  const ending = Promise.withResolvers<void>();
  const seen = besideControl(control, async () => {
    const knocks = await Promise.all(ways.map(({ outside, target }) => Knocks.start(outside, target)));
    begun.resolve(knocks);
    await ending.promise;
    const records = await Promise.all(knocks.map((one) => one.stop()));
    const reached = ways.find((_, index) => (records[index]?.arrived.length ?? 0) > 0);
    return {
      attempts: records.reduce((sum, { attempts }) => sum + attempts, 0),
      arrived: records.flatMap(({ arrived }) => arrived),
      shown: reached ? await showReached(reached.outside, reached.target) : {},
    };
  });
  seen.catch(begun.reject);
  own.defer("the last attempt", () => {
    ending.resolve();
    return seen.catch(() => {});
  });
  const knocks = await begun.promise;
  return {
    more: async (attempts) => {
      await Promise.all(knocks.map((one) => one.more(attempts)));
    },
    stop: async () => {
      ending.resolve();
      return seen;
    },
    close: () => own.close(),
  };
}
