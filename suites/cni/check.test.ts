import type { AddResult } from "#harness/cni/protocol/result.ts";
import { breakSetUp } from "#harness/cni/testbed/place/break.ts";
import type { Breakage } from "#harness/cni/testbed/profiles.ts";
import { NothingSeen } from "#harness/core/errors.ts";
import { addressOf, familyOf, isCidr, nthAddress } from "#harness/core/ip.ts";
import { attach, expectFailure, expectSuccess } from "./expect.ts";
import { cniSuite } from "./fixture.ts";

const healthy = "attachments that CHECK finds in order";
const withoutManager = "attachments without an address manager";

await cniSuite("CHECK", ({ requirement, plugin }) => {
  const { breakages = [] } = plugin.profile;

  requirement(
    "CNI-11a",
    "an attachment that has just been made is in order, at every look",
    async ({ testbed }) => {
      const { container } = await attach(testbed);
      expectSuccess(await testbed.call("CHECK", container), "success right after ADD");
      expectSuccess(await testbed.call("CHECK", container), "success of a second CHECK");
    },
  );

  requirement(
    "CNI-11a",
    "an attachment without an address manager is in order",
    async ({ testbed, saw, note }) => {
      const container = await testbed.container();
      const config = { ipam: {} };
      const added = await testbed.call("ADD", container, { config });
      if (added.code !== 0) return note("the plugin wants an address manager");
      saw(withoutManager);
      expectSuccess(await testbed.call("CHECK", container, { config }), "success right after ADD");
    },
    { when: ({ delegates }) => delegates === true, sees: [withoutManager] },
  );

  requirement(
    "CNI-11b",
    "an interface and a route that a later plugin has added are no fault",
    async ({ testbed, saw }) => {
      const { container, result } = await attach(testbed);
      // That it succeeds before is another rule.
      if ((await testbed.call("CHECK", container)).code !== 0) return;
      saw(healthy);
      await testbed.shell(
        [
          "ip -n $NETNS link add nclater type veth peer name nclater2",
          "ip -n $NETNS link set nclater up",
          "ip -n $NETNS link set nclater2 up",
          "ip -n $NETNS route add 10.123.0.0/16 dev nclater",
        ].join(" && "),
        container,
      );
      const prevResult: AddResult = {
        ...result,
        interfaces: [...(result.interfaces ?? []), { name: "nclater", sandbox: container.netns }],
        routes: [...(result.routes ?? []), { dst: "10.123.0.0/16" }],
      };
      expectSuccess(await testbed.call("CHECK", container, { prevResult }));
      // CHECK must not insist that there is nothing else either: the later plugin need not list what it made.
      expectSuccess(await testbed.call("CHECK", container));
    },
    { sees: [healthy] },
  );

  requirement(
    "CNI-11c",
    "without prevResult nothing can be in order",
    async ({ testbed, saw }) => {
      const { container } = await attach(testbed);
      // One that never succeeds says nothing of what was left out.
      if ((await testbed.call("CHECK", container)).code !== 0) return;
      saw(healthy);
      const invocation = await testbed.call("CHECK", container, { prevResult: null });
      expectFailure(invocation, "there is no prevResult to compare with");
    },
    { sees: [healthy] },
  );

  /**
   * The failure must be the break's: right before it CHECK has to succeed. What a result need not have is `seen`; where it is not there
   * the break is `undefined`, and nothing can be said. Nor can it where the break has changed nothing.
   */
  const notices = (
    id: "CNI-11d" | "CNI-11e" | "CNI-11f" | "CNI-11g" | "CNI-11h",
    what: string,
    breakOf: (dataDir: string, result: AddResult) => string | Breakage | undefined,
    { when = true, seen }: { when?: boolean; seen?: string } = {},
  ) =>
    requirement(
      id,
      `CHECK notices that ${what} is gone`,
      async ({ testbed, saw }) => {
        const { container, result } = await attach(testbed);
        const found = breakOf(testbed.dataDir, result);
        if (found === undefined) return;
        if (seen !== undefined) saw(seen);
        const before = await testbed.call("CHECK", container);
        const unchanged = typeof found === "string" ? undefined : await breakSetUp(testbed, found, container);
        if (unchanged !== undefined) throw new NothingSeen(unchanged);
        // That it succeeds is another rule.
        if (before.code !== 0)
          throw new NothingSeen("CHECK fails already before the break, so its failure says nothing");
        if (typeof found === "string") await testbed.shell(found, container);
        expectFailure(await testbed.call("CHECK", container), `${what} is gone`);
      },
      { when: () => when, ...(seen === undefined ? {} : { sees: [seen] }) },
    );

  notices("CNI-11d", "the interface", () => "ip -n $NETNS link del $IF");
  notices("CNI-11e", "the address", (_folder, result) => replaceAddress(result), {
    seen: "addresses in ADD's result",
  });
  notices(
    "CNI-11f",
    "the default route",
    (_folder, { routes = [] }) => {
      const family = Object.entries({ "-4": "0.0.0.0/0", "-6": "::/0" }).find(([, all]) =>
        routes?.some(({ dst }) => dst === all),
      )?.[0];
      return family && `ip -n $NETNS ${family} route del default`;
    },
    { seen: "default routes in ADD's result" },
  );
  for (const breakage of breakages) notices("CNI-11g", breakage.what, () => breakage);
  const { allocates = false, leasesElsewhere = false } = plugin.profile;
  notices(
    "CNI-11h",
    "the lease",
    (folder) => ({
      what: `a lease in ${folder}`,
      script: `rm -rf ${folder}`,
      shows: `find ${folder} -type f`,
    }),
    { when: allocates && !leasesElsewhere },
  );
});

/** Another address of the same network takes its place, so that the routes stay. */
function replaceAddress(result: AddResult): string | undefined {
  const address = result.ips?.map((ip) => ip.address).find(isCidr);
  if (!address) return undefined;
  const [prefix, wider] = familyOf(address) === 4 ? [24, "/23"] : [64, "/63 nodad"];
  const other = `${nthAddress(`${addressOf(address)}/${prefix}`, 250)}${wider}`;
  return `ip -n $NETNS address add ${other} dev $IF && ip -n $NETNS address del ${address} dev $IF`;
}
