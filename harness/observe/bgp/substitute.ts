import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError, Nonconformance } from "#harness/core/errors.ts";
import { familyOf, nthAddress } from "#harness/core/ip.ts";
import { ProbeAgent } from "#harness/host/agent/agent.ts";
import type { BgpSpeech } from "#harness/host/agent/bgp.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import type { PingTarget } from "#harness/observe/probe/path.ts";
import type { Router } from "./router.ts";
import type { Neighbor } from "./router-config.ts";
import type { Uplink } from "./uplink.ts";

/** A session over IPv4 from a router's address, with which anything can be announced. */
export interface Substitute extends BgpSpeech {
  /** The nth address that the host behind the routers has by way of this router alone; nothing is announced by itself. */
  address(n: number): PingTarget;
}

/**
 * Ends a router and speaks to one of its neighbours in its place: from its address, with its AS number, until `scope` closes, when
 * the router starts again. The router's namespace forwards between the container and the host behind it; that one has all of
 * `prefix`, an IPv4 CIDR, and sends everything through this router. Throws `Nonconformance` where the neighbour has no session
 * before the deadline.
 */
export async function takePlace(
  scope: Scope,
  {
    uplink: { routers, host },
    router,
    neighbor,
    container,
    prefix,
    deadlineMs,
  }: {
    uplink: Uplink;
    router: Router;
    neighbor: Neighbor;
    container: PingTarget;
    prefix: string;
    deadlineMs: number;
  },
): Promise<Substitute> {
  const hop = ipv4Of(neighbor.addresses, neighbor.name);
  const address = ipv4Of(router.addresses, router.name);
  const link = ipv4Of(
    router.behind.map(({ via }) => via),
    `what is behind ${router.name}`,
  );
  scope.defer("the ways of the host behind the routers", () => host.through(routers));
  scope.defer(`BIRD of ${router.name}`, () => router.start());
  await router.stop();
  const route = (namespace: string, words: readonly string[]) => {
    const change = (act: "add" | "del") => ["ip", "-netns", namespace, "route", act, ...words];
    return withUndo(scope, host.on, change("add"), change("del"));
  };
  await route(host.netns, ["local", prefix, "dev", "lo"]);
  await route(router.name, [prefix, "via", link]);
  await route(router.name, [container.ip, "via", hop]);
  await host.through([router]);
  const agent = await ProbeAgent.start(host.on, `/run/netns/${router.name}`);
  scope.defer(`probe agent of ${router.name}`, () => agent.close());
  const session = await agent.speakBgp({ address, neighbor: hop, as: router.as, timeoutMs: deadlineMs });
  if ("failed" in session) {
    throw new Nonconformance({
      who: `${neighbor.name}, with a speaker at the address of ${router.name}, which ended`,
      expected: "a session",
      got: `${session.failed}, for ${deadlineMs} ms`,
    });
  }
  scope.defer(`the session of ${router.name}`, () => session.close());
  return {
    ...session,
    address: (n) => ({
      name: `address ${n} behind ${router.name} alone`,
      ip: nthAddress(prefix, n),
    }),
  };
}

function ipv4Of(addresses: readonly string[], whose: string): string {
  const found = addresses.find((address) => familyOf(address) === 4);
  if (found === undefined) throw new HarnessError(`expected an IPv4 address of ${whose}, got none`);
  return found;
}
