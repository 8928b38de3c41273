import { atLeast } from "#harness/cni/protocol/version.ts";
import type { Container } from "#harness/cni/testbed/container.ts";
import { readLink } from "#harness/cni/testbed/inside.ts";
import { breakSetUp } from "#harness/cni/testbed/place/break.ts";
import { additions, readContainerState } from "#harness/cni/testbed/state.ts";
import { NothingSeen } from "#harness/core/errors.ts";
import { attach, expectFailure, expectSuccess, violation } from "./expect.ts";
import { cniSuite } from "./fixture.ts";

const leases = "leases of attached containers";
const halfWay = "attachments that fail after their address was given";

await cniSuite("DEL", ({ requirement, plugin }) => {
  const { kind, breakages = [] } = plugin.profile;

  requirement("CNI-9a", "DEL after DEL, three times", async ({ testbed }) => {
    const { container } = await attach(testbed);
    for (const time of ["first", "second", "third"]) {
      expectSuccess(await testbed.call("DEL", container), `success of the ${time} DEL`);
    }
  });

  requirement("CNI-9b", "DEL of what was never added", async ({ testbed }) => {
    const container = await testbed.container();
    // A chained plugin is told what those before it have answered: that it works without is CNI-10b, which only should be.
    const { prevResult } = container;
    const given = prevResult !== undefined && atLeast(plugin.version, "0.4.0") ? { prevResult } : {};
    expectSuccess(await testbed.call("DEL", container, given));
  });

  requirement(
    "CNI-10b",
    "DEL of what was never added, without prevResult",
    async ({ testbed }) => {
      expectSuccess(await testbed.call("DEL", await testbed.container(), { prevResult: null }));
    },
    { when: ({ kind }, version) => kind === "chained" && atLeast(version, "0.4.0") },
  );

  requirement(
    "CNI-9b",
    "DEL when the interface is gone",
    async ({ testbed }) => {
      const { container } = await attach(testbed);
      await testbed.shell("ip -n $NETNS link del $IF || true", container);
      expectSuccess(await testbed.call("DEL", container));
    },
    { when: (profile) => profile.kind !== "ipam" && !profile.standsAlone },
  );

  requirement("CNI-9b", "DEL when the network namespace is gone", async ({ testbed }) => {
    const { container } = await attach(testbed);
    await testbed.removeNetns(container);
    expectSuccess(await testbed.call("DEL", container));
  });

  requirement(
    "CNI-9b",
    "DEL when the stored state is gone",
    async ({ testbed }) => {
      const { container } = await attach(testbed);
      await testbed.shell(`rm -rf ${testbed.dataDir}`);
      expectSuccess(await testbed.call("DEL", container));
    },
    { leavesState: true },
  );

  for (const breakage of breakages) {
    requirement("CNI-9b", `DEL when ${breakage.what} is gone`, async ({ testbed }) => {
      const { container } = await attach(testbed);
      const unchanged = await breakSetUp(testbed, breakage, container);
      expectSuccess(await testbed.call("DEL", container));
      if (unchanged !== undefined) throw new NothingSeen(unchanged);
    });
  }

  requirement(
    "CNI-9b",
    "DEL when everything is gone",
    async ({ testbed }) => {
      const { container } = await attach(testbed);
      for (const breakage of breakages) await breakSetUp(testbed, breakage, container);
      await testbed.shell(`rm -rf ${testbed.dataDir}`);
      await testbed.removeNetns(container);
      expectSuccess(await testbed.call("DEL", container));
    },
    { leavesState: true },
  );

  requirement("CNI-10a", "DEL without CNI_NETNS", async ({ testbed }) => {
    const { container } = await attach(testbed);
    expectSuccess(await testbed.call("DEL", container, { env: { CNI_NETNS: undefined } }));
  });

  requirement("CNI-10a", "DEL with an empty CNI_NETNS", async ({ testbed }) => {
    const { container } = await attach(testbed);
    await testbed.removeNetns(container);
    expectSuccess(await testbed.call("DEL", container, { env: { CNI_NETNS: "" } }));
  });

  requirement(
    "CNI-10b",
    "DEL without prevResult",
    async ({ testbed }) => {
      const { container } = await attach(testbed);
      expectSuccess(await testbed.call("DEL", container, { prevResult: null }));
    },
    { when: (_profile, version) => atLeast(version, "0.4.0") },
  );

  requirement(
    "CNI-10c",
    "DEL without CNI_NETNS and prevResult gives the address back",
    async ({ testbed, saw }) => {
      const { container } = await attach(testbed);
      if (leasesOf(container, await testbed.state()).length > 0) saw(leases);
      const invocation = await testbed.call("DEL", container, {
        env: { CNI_NETNS: undefined },
        prevResult: null,
      });
      const left = leasesOf(container, await testbed.state());
      if (left.length > 0) throw violation(invocation, "the lease to be released", left.join("; "));
    },
    { when: (profile) => profile.allocates === true, sees: [leases] },
  );

  requirement(
    "CNI-10d",
    "the interface is gone from the container",
    async ({ testbed }) => {
      const { container } = await attach(testbed);
      const invocation = await testbed.call("DEL", container);
      expectSuccess(invocation);
      if (await readLink(plugin.host, container.name, container.ifName)) {
        throw violation(invocation, `no ${container.ifName} in the container`, "it is still there");
      }
    },
    { when: (profile) => profile.kind === "interface" },
  );

  for (const [form, changes] of [
    ["DEL", {}],
    ["DEL without prevResult", { prevResult: null }],
  ] as const) {
    requirement(
      "CNI-10d",
      `after ${form} the container is as it was before ADD`,
      async ({ testbed }) => {
        const container = await testbed.container();
        const before = await readContainerState(plugin.host, container.name);
        await attach(testbed, {}, container);
        const invocation = await testbed.call("DEL", container, changes);
        expectSuccess(invocation);
        const after = await readContainerState(plugin.host, container.name);
        // Of what the suite has made on the host, too: it goes with the container, and with it what was set there.
        const onHost = (await testbed.state()).filter((line) => line.includes(`ncx${container.index} `));
        const differences = [
          ...additions(before, after).map((line) => `without ${line}`),
          ...additions(after, before).map((line) => `with ${line}`),
          ...onHost.map((line) => `with ${line} on the host`),
        ];
        if (differences.length > 0)
          throw violation(invocation, "the state before ADD", differences.join("; "));
      },
      { when: (_profile, version) => kind !== "ipam" && (form === "DEL" || atLeast(version, "0.4.0")) },
    );
  }

  requirement(
    "CNI-10d",
    "the lease of an ADD that failed half-way is released by DEL",
    async ({ testbed, saw }) => {
      const { container: whole } = await attach(testbed);
      const before = leasesOf(whole, await testbed.state());
      const container = await testbed.container();
      const ipam = testbed.request("ADD", container).ipam as Record<string, unknown>;
      const config = { ipam: { ...ipam, routes: [{ dst: "10.99.0.0/16", gw: "10.77.77.77" }] } };
      const added = await testbed.call("ADD", container, { config });
      // An address manager need not take routes, nor a plugin set them.
      if (added.code === 0) return;
      expectFailure(added, "the next hop 10.77.77.77 cannot be reached");
      saw(halfWay);
      const invocation = await testbed.call("DEL", container, { config });
      const state = await testbed.state();
      if (before.length > 0 && leasesOf(whole, state).length > 0) saw(leases);
      const left = state.filter((line) => line.includes(container.id));
      if (left.length > 0) throw violation(invocation, "nothing of the container", left.join("; "));
    },
    {
      when: (profile) => profile.delegates === true && profile.allocates === true,
      sees: [leases, halfWay],
    },
  );
});

/** What names the container in the address manager's files, and in what a profile lists. */
function leasesOf(container: Container, state: readonly string[]): string[] {
  return state.filter((line) => /^(?:file|state) /.test(line) && line.includes(container.id));
}
