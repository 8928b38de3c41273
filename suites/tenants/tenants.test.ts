import type { InstalledDriver } from "#drivers/driver.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact, expectPresent, expectThat } from "#harness/conformance/expect.ts";
import { heldOver, nameOf } from "#harness/conformance/ip-versions/each.ts";
import type { IpVersion } from "#harness/conformance/ip-versions/stacked.ts";
import { runStackedPair } from "#harness/conformance/pair.ts";
import { expectEach, expectFailure, expectRefusal } from "#harness/conformance/refusal.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError, Unsupported } from "#harness/core/errors.ts";
import { uniqueMarker } from "#harness/host/agent/agent.ts";
import { captureWhile, carrying } from "#harness/observe/capture/capture-while.ts";
import { expectNoName } from "#harness/observe/probe/names.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { expectOpen } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import { freshSubnet } from "#harness/workload/fresh-subnet.ts";
import type { NetworkSpec } from "#harness/workload/network.ts";
import { expectPingByName } from "#harness/workload/reach/names.ts";
import { expectApart } from "#suites/datapath/fixture.ts";

/** Both tenants have this very network, as in the tutorial. */
const network = { name: "contiv-net", subnet: "10.1.2.0/24", subnet6: "fd00:10:1:2::/64" } as const;
const sharedAddress = "10.1.2.50";
const blueAddress = "10.1.2.60";
const lentAddress = "10.1.2.70";
const freedAddress = "10.1.2.80";
const port = 8888;
/** Six addresses, one of which is the gateway's where there is one. */
const tiny = "10.7.8.0/29";
const impossible = [
  { what: "part of another network's", subnet: "10.1.2.128/25" },
  { what: "around another network's", subnet: "10.1.0.0/16" },
  { what: "no CIDR", subnet: "10.7.7.0" },
] as const;

chapter("tenants", ({ requirement, shared }) => {
  const tenants = shared("the tenants blue and green", async ({ driver, scope }) => {
    for (const name of ["blue", "green"]) await createTenant(driver, scope, name);
  });

  const pairs = shared("the same network in both tenants, with a container on each node", async (context) => {
    await tenants.make();
    const [blue, green] = await Promise.all(
      ["blue", "green"].map((tenant) => runStackedPair(context.scope, context, { ...network, tenant })),
    );
    if (!blue || !green) throw new HarnessError("two tenants have two networks");
    return { blue, green };
  });

  const twins = shared("a server on the same address in both tenants", async ({ scope }) => {
    const { blue, green } = await pairs.make();
    const [blueTwin, greenTwin] = await Promise.all(
      [blue, green].map(({ network: net, b }) => net.run(scope, b.node, { ip: sharedAddress })),
    );
    if (!blueTwin || !greenTwin) throw new Error("two tenants have two twins");
    return {
      blue: { workload: blueTwin, server: await serve(blueTwin, { ports: [port], identity: "blue" }) },
      green: { workload: greenTwin, server: await serve(greenTwin, { ports: [port], identity: "green" }) },
    };
  });

  const full = shared("a subnet of which every address is in use", async ({ driver, cluster, scope }) => {
    await tenants.make();
    const [node] = cluster.nodes;
    const name = uniqueName("tiny");
    const network = await create(driver, scope, { name, subnet: tiny });
    const listing = (await driver.listNetworks?.("blue")) ?? [];
    const hasGateway = listing.some((row) => row.name === name && (row.gateway ?? "") !== "");
    const places = Array.from({ length: hasGateway ? 5 : 6 }, () => network.run(scope, node!));
    const last = (await Promise.all(places)).at(-1)!;
    return { network, node: node!, last };
  });

  requirement("T1", "created tenants are listed", async ({ driver, use }) => {
    await use(tenants);
    const listed = expectPresent(await driver.listTenants?.(), {
      who: "the driver",
      expected: "a listing of tenants, since it declares tenants",
      got: "none",
    });
    for (const name of ["blue", "green"]) {
      expectThat(listed.includes(name), {
        who: "the listing of tenants",
        expected: `to have ${name}`,
        got: listed.join(", "),
      });
    }
  });

  requirement("T2", "both tenants have a network of the same name and subnet", async ({ driver, use }) => {
    const { blue, green } = await use(pairs);
    expectFact(
      "the two networks",
      "their subnets",
      [blue.network.subnet, green.network.subnet],
      [network.subnet, network.subnet],
    );
    for (const tenant of ["blue", "green"]) {
      const listed = (await driver.listNetworks?.(tenant)) ?? [];
      const rows = listed.map((row) => `${row.tenant} ${row.name} ${row.subnet}`);
      expectFact(`the listing of networks of ${tenant}`, "its rows", rows, [
        `${tenant} ${network.name} ${network.subnet}`,
      ]);
    }
  });

  requirement("T3", "one address is in use in both at the same time", async ({ use }) => {
    const { blue, green } = await use(twins);
    for (const { workload } of [blue, green]) {
      expectFact(workload.name, "its address", workload.ip, sharedAddress);
      const inside = (await workload.links()).find((link) => link.mac === workload.mac);
      expectThat(inside?.addresses.includes(`${sharedAddress}/24`) ?? false, {
        who: `${workload.name}, inside`,
        expected: `${sharedAddress}/24`,
        got: inside?.addresses.join(" ") ?? `no interface with ${workload.mac}`,
      });
    }
  });

  requirement("T4", "inside a tenant containers reach each other by name", async ({ use }) => {
    const { blue, green } = await use(pairs);
    await Promise.all([blue, green].flatMap(({ a, b }) => [expectPingByName(a, b), expectPingByName(b, a)]));
  });

  requirement(
    "T5",
    "each client reads its own tenant's server on the address that both have",
    async ({ use }) => {
      const { blue, green } = await use(pairs);
      const servers = await use(twins);
      await Promise.all([
        expectOpen(blue.a, servers.blue.server.at(port)),
        expectOpen(blue.b, servers.blue.server.at(port)),
        expectOpen(green.a, servers.green.server.at(port)),
        expectOpen(green.b, servers.green.server.at(port)),
      ]);
    },
  );

  requirement("T5", "an address that only the other tenant has is not reached", async ({ use, scope }) => {
    const { blue, green } = await use(pairs);
    const lone = await blue.network.run(scope, blue.b.node, { ip: blueAddress });
    await expectApart([green.a, green.b].map((from) => ({ from, target: lone, control: () => blue.a })));
  });

  requirement("T5", "a name that only the other tenant has is not resolved", async ({ use, declaration }) => {
    if (!declaration.capabilities.includes("names")) {
      throw new Unsupported(`${declaration.name} does not declare names`);
    }
    const { blue, green } = await use(pairs);
    for (const [client, own, other] of [
      [green.a, green.b, blue.b],
      [blue.a, blue.b, green.b],
    ] as const) {
      await expectNoName(client, { name: other.name }, { control: { name: own.name, addresses: [own.ip] } });
    }
  });

  requirement("T6", "the tenants are apart on the wire", async (test) => {
    const { blue, green } = await test.use(pairs);
    const { node } = blue.b;
    const { device } = node.interfaces[test.driver.underlay ?? "control"];
    const ends = await Promise.all(
      heldOver(test, blue.versions).flatMap((version) =>
        Object.entries({ blue, green }).map(async ([tenant, { a, b, over }]) => {
          const [from, to] = await Promise.all([over(version, a), over(version, b)]);
          return { tenant, version, from, to, marker: uniqueMarker() };
        }),
      ),
    );
    await Promise.all(ends.map(({ from, to }) => expectPing(from, to)));
    const seen = await captureWhile({ node, devices: [device], keep: test.keep }, async () => {
      for (const { from, to, marker } of ends) await expectPing(from, to, { marker });
    });
    const segments = new Map<IpVersion, string[]>();
    for (const { tenant, version, marker } of ends) {
      const own = new Set(
        carrying(seen, marker).map(({ packet: { vxlan, vlans } }) =>
          vxlan ? `VNI ${vxlan.vni}` : vlans.map(({ id }) => `VLAN ${id}`).join(" "),
        ),
      );
      expectThat(own.size === 1 && !own.has(""), {
        who: `${tenant}'s ping over ${nameOf(version)} on ${device}`,
        expected: "one VNI or VLAN",
        got: [...own].join(", ") || "no packet of it",
      });
      segments.set(version, [...(segments.get(version) ?? []), ...own]);
    }
    for (const [version, [first, second]] of segments) {
      expectThat(first !== second, {
        who: `blue and green over ${nameOf(version)}`,
        expected: "a VNI or VLAN of their own",
        got: `${first} for both`,
      });
    }
  });

  requirement("T7", "a subnet that cannot be is refused, and nothing of it stays", async (test) => {
    const { driver, scope } = test;
    await test.use(pairs);
    await expectEach(impossible, async ({ what, subnet }) => {
      const own = scope.child(what);
      const name = uniqueName("refused");
      test.fact(
        what,
        await expectFailure(
          `a network of ${subnet}, which is ${what}`,
          create(driver, own, { name, subnet }),
        ),
      );
      await own.close();
      const listed = (await driver.listNetworks?.("blue")) ?? [];
      expectFact(
        "the listing of networks",
        `rows of ${name}`,
        listed.filter((row) => row.name === name),
        [],
      );
      const next = scope.child(`${what}, corrected`);
      await create(driver, next, { name, subnet: freshSubnet() });
      await next.close();
    });
  });

  requirement("T7", "a container is refused in a subnet whose addresses are all in use", async (test) => {
    const { network, node, last } = await test.use(full);
    const name = uniqueName("refused");
    test.fact(
      "exhausted",
      await expectFailure(`docker run in the full ${tiny}`, network.run(test.scope, node, { name })),
    );
    const view = await network.inspect(node);
    const neighbour = Object.values(view.containers).find((one) => one.name === last.name);
    expectFact(last.name, "its address after the refusal", neighbour?.ipv4, `${last.ip}/29`);
  });

  requirement("T7b", "the refusal of a subnet names it", async ({ driver, scope, use }) => {
    await use(pairs);
    const { network, node } = await use(full);
    await expectEach([...impossible, { what: "full", subnet: tiny }], async ({ what, subnet }) => {
      const name = uniqueName("refused");
      const asked =
        what === "full" ? network.run(scope, node, { name }) : create(driver, scope, { name, subnet });
      await expectRefusal(`what asks for ${subnet}, which is ${what}`, asked, [subnet]);
    });
  });

  requirement(
    "T8",
    "an address given up in one tenant stays with its twin in the other",
    async ({ scope, use }) => {
      const { blue, green } = await use(pairs);
      const stays = await green.network.run(scope, green.b.node, { ip: lentAddress });
      const lent = scope.child("the twin that goes");
      const goes = await blue.network.run(lent, blue.b.node, { ip: lentAddress });
      await Promise.all([expectPing(blue.a, goes), expectPing(green.a, stays)]);
      await lent.close();
      await Promise.all([green.a, green.b].map((from) => expectPing(from, stays)));
      const again = await blue.network.run(scope, blue.b.node, { ip: lentAddress });
      await Promise.all([expectPing(blue.a, again), expectPing(green.a, stays)]);
    },
  );

  requirement("T8", "an address that both had is free again once both gave it up", async ({ scope, use }) => {
    const { blue, green } = await use(pairs);
    const round = async (what: string) => {
      const own = scope.child(what);
      await Promise.all(
        [blue, green].map(({ network: net, a }) => net.run(own, a.node, { ip: freedAddress })),
      );
      await own.close();
    };
    await round("the first time");
    await round("the second time");
  });
});

function create(driver: InstalledDriver, scope: Scope, spec: NetworkSpec) {
  return driver.createNetwork(scope, { tenant: "blue", ...spec });
}

async function createTenant(driver: InstalledDriver, scope: Scope, name: string): Promise<void> {
  expectPresent(driver.createTenant, {
    who: "the driver",
    expected: "createTenant, since it declares tenants",
    got: "none",
  });
  await driver.createTenant?.(scope, name);
}
