import type { InstalledDriver } from "#drivers/driver.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact, expectPresent, expectThat } from "#harness/conformance/expect.ts";
import { type Pair, runPair } from "#harness/conformance/pair.ts";
import { expectRefusal } from "#harness/conformance/refusal.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { uniqueMarker } from "#harness/host/agent/agent.ts";
import { captureWhile, carrying } from "#harness/observe/capture/capture-while.ts";
import { expectNoName } from "#harness/observe/probe/names.ts";
import { expectNoPing, expectPing } from "#harness/observe/probe/path.ts";
import { expectBlocked, expectOpen } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import { freshSubnet } from "#harness/workload/fresh-subnet.ts";
import type { NetworkSpec } from "#harness/workload/network.ts";
import { expectPingByName } from "#harness/workload/reach/names.ts";

/** Both tenants have this very network, as in the tutorial. */
const network = { name: "contiv-net", subnet: "10.1.2.0/24" } as const;
const sharedAddress = "10.1.2.50";
const blueAddress = "10.1.2.60";
const port = 8888;

chapter("tenants", ({ requirement, shared }) => {
  const tenants = shared("the tenants blue and green", async ({ driver, scope }) => {
    for (const name of ["blue", "green"]) await createTenant(driver, scope, name);
  });

  const pairs = shared("the same network in both tenants, with a container on each node", async (context) => {
    await tenants.make();
    const [blue, green] = await Promise.all(
      ["blue", "green"].map((tenant) => runPair(context.scope, context, { ...network, tenant })),
    );
    return { blue: blue as Pair, green: green as Pair };
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

  requirement(
    "T3",
    "an address that both had is free again once both gave it up",
    async ({ driver, cluster, scope }) => {
      const spec = { name: "contiv-again", subnet: "10.1.4.0/24" } as const;
      const ip = "10.1.4.50";
      const round = async (what: string) => {
        const own = scope.child(what);
        const names = ["red", "orange"].map(uniqueName);
        for (const name of names) await createTenant(driver, own, name);
        const made = await Promise.all(names.map((tenant) => driver.createNetwork(own, { ...spec, tenant })));
        for (const network of made) await network.run(own, cluster.nodes[0]!, { ip });
        await own.close();
      };
      await round("the first time");
      await round("the second time");
    },
  );

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
    await using server = await serve(lone, { ports: [port] });
    for (const stranger of [green.a, green.b]) {
      await expectNoPing(stranger, lone, { control: { from: blue.a } });
      await expectBlocked(stranger, server.at(port), { control: { from: blue.a } });
    }
  });

  requirement("T5", "a name that only the other tenant has is not resolved", async ({ use }) => {
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
    const underlay = test.driver.underlay ?? "control";
    const { device } = blue.b.node.interfaces[underlay];
    await Promise.all([expectPing(blue.a, blue.b), expectPing(green.a, green.b)]);
    const markers = { blue: uniqueMarker(), green: uniqueMarker() };
    const { node } = blue.b;
    const seen = await captureWhile({ node, devices: [device], keep: test.keep }, async () => {
      await expectPing(blue.a, blue.b, { marker: markers.blue });
      await expectPing(green.a, green.b, { marker: markers.green });
    });
    const segments = (marker: string) => [
      ...new Set(
        carrying(seen, marker).map(({ packet: { vxlan, vlans } }) =>
          vxlan ? `VNI ${vxlan.vni}` : vlans.map(({ id }) => `VLAN ${id}`).join(" "),
        ),
      ),
    ];
    const [blueSegments, greenSegments] = [segments(markers.blue), segments(markers.green)];
    for (const [tenant, seen] of [
      ["blue", blueSegments],
      ["green", greenSegments],
    ] as const) {
      expectThat(seen.length === 1 && seen[0] !== "", {
        who: `${tenant}'s ping on ${device}`,
        expected: "one VNI or VLAN",
        got: seen.join(", ") || "no packet of it",
      });
    }
    expectThat(blueSegments[0] !== greenSegments[0], {
      who: "blue and green",
      expected: "a VNI or VLAN of their own",
      got: `${blueSegments[0]} for both`,
    });
  });

  requirement("T7", "a subnet that cannot be is refused by name, and nothing of it stays", async (test) => {
    const { driver, cluster, scope } = test;
    await test.use(pairs);
    const create = (own: Scope, spec: NetworkSpec) => driver.createNetwork(own, { tenant: "blue", ...spec });
    for (const [what, subnet] of [
      ["part of another network's", "10.1.2.128/25"],
      ["around another network's", "10.1.0.0/16"],
      ["no CIDR", "10.7.7.0"],
    ] as const) {
      const own = scope.child(what);
      const name = uniqueName("refused");
      const command = `docker network create --subnet=${subnet}, which is ${what}`;
      test.fact(what, await expectRefusal(command, create(own, { name, subnet }), [subnet]));
      await own.close();
      const listed = (await driver.listNetworks?.("blue")) ?? [];
      expectFact(
        "the listing of networks",
        `rows of ${name}`,
        listed.filter((row) => row.name === name),
        [],
      );
      const next = scope.child(`${what}, corrected`);
      await create(next, { name, subnet: freshSubnet() });
      await next.close();
    }
    const tiny = "10.7.8.0/29";
    const full = scope.child("an exhausted subnet");
    const tinyName = uniqueName("tiny");
    const network = await create(full, { name: tinyName, subnet: tiny });
    const listing = (await driver.listNetworks?.("blue")) ?? [];
    const gateway = listing.find((row) => row.name === tinyName)?.gateway ?? "";
    const [node] = cluster.nodes;
    // Six addresses, one of which is the gateway's where there is one.
    const places = Array.from({ length: gateway === "" ? 6 : 5 }, () => network.run(full, node!));
    const last = (await Promise.all(places)).at(-1)!;
    const name = uniqueName("refused");
    test.fact(
      "exhausted",
      await expectRefusal(`docker run in the full ${tiny}`, network.run(full, node!, { name }), [tiny]),
    );
    const [neighbour] = (await network.inspect(node!).then((view) => Object.values(view.containers))).filter(
      (one) => one.name === last.name,
    );
    expectFact(last.name, "its address after the refusal", neighbour?.ipv4, `${last.ip}/29`);
    await full.close();
  });
});

async function createTenant(driver: InstalledDriver, scope: Scope, name: string): Promise<void> {
  expectPresent(driver.createTenant, {
    who: "the driver",
    expected: "createTenant, since it declares tenants",
    got: "none",
  });
  await driver.createTenant?.(scope, name);
}
