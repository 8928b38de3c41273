import { isDeepStrictEqual } from "node:util";
import type { AddResult } from "#harness/cni/protocol/result.ts";
import { atLeast } from "#harness/cni/protocol/version.ts";
import {
  addressFlaw,
  describeInterfaces,
  interfaceFlaw,
  listingFlaw,
  sandboxFlaw,
  versionSaid,
} from "#harness/cni/rules/answer-rules.ts";
import { type Container, ipVersion } from "#harness/cni/testbed/container.ts";
import { readAddresses, readLink, readRoutes } from "#harness/cni/testbed/inside.ts";
import { lostFrom } from "#harness/cni/testbed/reality/lost.ts";
import { unlikeInside } from "#harness/cni/testbed/reality/reality.ts";
import { additions, readState } from "#harness/cni/testbed/state.ts";
import type { Testbed } from "#harness/cni/testbed/testbed.ts";
import { familyOf, isAddress, isCidr } from "#harness/core/ip.ts";
import type { Host } from "#harness/host/host.ts";
import { attach, expectFailure, expectNoFlaw, expectResult, expectSuccess, violation } from "./expect.ts";
import { type CniSuite, cniSuite } from "./fixture.ts";

await cniSuite("ADD", (suite) => {
  const { plugin } = suite;
  const requirement: CniSuite["requirement"] = (id, title, body, options = {}) =>
    suite.requirement(id, title, body, { together: true, ...options });
  let sampled: ReturnType<typeof attach> | undefined;
  /** One attachment that several tests look at and none changes. */
  const sample = (testbed: Testbed) => {
    sampled ??= attach(testbed);
    return sampled;
  };
  const { kind } = plugin.profile;
  /** A chained plugin that can give an interface a MAC is asked for one: it has to answer what it has changed. */
  const attachWithMac = async (testbed: Testbed) => {
    const container = await testbed.container();
    const { capabilities } = plugin.profile.config(testbed.values(container));
    return attach(testbed, { config: { capabilities: { ...Object(capabilities), mac: true } } }, container);
  };

  requirement(
    "CNI-4a",
    "the result is on stdout",
    async ({ testbed }) => {
      expectResult((await sample(testbed)).invocation);
    },
    {
      judgesFailed: (invocation) => {
        if (invocation.code === 0) expectResult(invocation);
      },
    },
  );

  requirement("CNI-4b", "the result has the configuration's cniVersion", async ({ testbed }) => {
    const { invocation } = await sample(testbed);
    const said = versionSaid(invocation);
    if (said !== plugin.version) throw violation(invocation, `cniVersion ${plugin.version}`, said ?? "none");
  });

  requirement("CNI-5a", "the result lists CNI_IFNAME with a sandbox", async ({ testbed }) => {
    const { container, result, invocation } = await sample(testbed);
    expectNoFlaw(invocation, listingFlaw(result, container.ifName));
  });

  requirement("CNI-5b", "the sandbox is the path that was handed over", async ({ testbed }) => {
    const { container, result, invocation } = await sample(testbed);
    expectNoFlaw(invocation, sandboxFlaw(result, container.ifName, container.netns));
  });

  requirement(
    "CNI-5c",
    "the result lists what ADD created on the host",
    async ({ testbed }) => {
      const { host } = plugin;
      const container = await testbed.container();
      const before = await readState(host, testbed.name, testbed.dataDir);
      const { result, invocation } = await attach(testbed, {}, container);
      const created = additions(await readState(host, testbed.name, testbed.dataDir), before)
        .filter((line) => line.startsWith("link "))
        .map((line) => line.slice("link ".length));
      const onHost = result.interfaces?.filter(({ sandbox }) => !sandbox).map(({ name }) => name) ?? [];
      const unlisted = created.filter((name) => !onHost.includes(name));
      if (unlisted.length > 0) {
        const expected = `${unlisted.join(", ")} in interfaces, without a sandbox`;
        throw violation(invocation, expected, describeInterfaces(result));
      }
      for (const name of onHost) {
        if (await readLink(host, testbed.name, name)) continue;
        throw violation(invocation, `${name} on the host, as the result says`, "no such interface");
      }
    },
    // On a machine that has other work nobody can tell who made a link.
    { together: false, when: ({ namespace }) => namespace !== "machine" },
  );

  requirement("CNI-5d", "addresses are CIDRs and point at an interface", async ({ testbed }) => {
    const { result, invocation } = await sample(testbed);
    expectNoFlaw(invocation, addressFlaw(result, kind));
  });

  requirement(
    "CNI-5f",
    "addresses, gateways and next hops have the IP version that goes with them",
    async ({ testbed }) => {
      const { result, invocation } = await sample(testbed);
      for (const { version, address, gateway } of result.ips ?? []) {
        const said = String(version ?? "none");
        for (const one of [address, ...(gateway === undefined ? [] : [gateway])]) {
          const is = ipVersionOf(one);
          if (said !== is) throw violation(invocation, `version ${is} beside ${one}`, said);
        }
      }
      for (const { dst, gw } of result.routes ?? []) {
        if (gw === undefined || ipVersionOf(gw) === ipVersionOf(dst)) continue;
        throw violation(invocation, `a next hop of the IP version of ${dst}`, gw);
      }
    },
  );

  requirement("CNI-5e", "the container has what the result says", async ({ testbed }) => {
    const { container, result, invocation } =
      kind === "chained" ? await attachWithMac(testbed) : await sample(testbed);
    const [unlike] = await unlikeInside(plugin.host, container, result);
    if (unlike) throw violation(invocation, unlike.expected, unlike.got);
  });

  for (const id of kind === "chained" ? (["CNI-6a"] as const) : []) {
    requirement(
      id,
      "everything in prevResult is in the result",
      async ({ testbed }) => {
        const container = await testbed.container();
        const before = await readInside(plugin.host, container);
        const { result, invocation } = await attach(testbed, {}, container);
        const after = await readInside(plugin.host, container);
        // What the plugin has taken away, as route-override does, is a change of its own.
        const lost = lostFrom(container.prevResult, result).filter(
          (what) => !before.has(what) || after.has(what),
        );
        if (lost.length > 0)
          throw violation(invocation, `prevResult's ${lost.join(", ")}`, "a result without it");
      },
      { when: ({ standsAlone }) => !standsAlone },
    );
  }

  requirement("CNI-6c", "what plugins before have answered is in the result", async ({ testbed }) => {
    const container = await testbed.container();
    const prevResult: AddResult = {
      cniVersion: plugin.version,
      interfaces: [{ name: "ncearlier", sandbox: container.netns, mac: "02:00:00:00:0c:01" }],
      ips: [{ ...ipVersion(plugin.version), address: "10.77.0.9/24", interface: 0 }],
    };
    const { result, invocation } = await attach(testbed, { prevResult }, container);
    const lost = lostFrom(prevResult, result);
    if (lost.length > 0)
      throw violation(invocation, `prevResult's ${lost.join(", ")}`, "a result without it");
  });

  requirement(
    "CNI-7",
    "the interface gets exactly the name that was asked for",
    async ({ testbed }) => {
      const container = { ...(await testbed.container()), ifName: "nc_x-1.0" };
      testbed.containers[container.index] = container;
      const { invocation } = await attach(testbed, {}, container);
      if (await readLink(plugin.host, container.name, container.ifName)) return;
      throw violation(invocation, `an interface ${container.ifName} in the container`, "none, and exit 0");
    },
    { when: (profile) => profile.kind === "interface" },
  );

  requirement(
    "CNI-7",
    "an interface name of sixteen characters is not accepted and then ignored",
    async ({ testbed }) => {
      const env = { CNI_IFNAME: "sixteen-letters-" };
      const invocation = await testbed.call("ADD", await testbed.container(), { env });
      expectFailure(invocation, "Linux has no interface names of 16 characters");
    },
    { when: (profile) => profile.kind === "interface" },
  );

  requirement(
    "CNI-7",
    "an interface that is not in the container is an error",
    async ({ testbed }) => {
      const invocation = await testbed.call("ADD", await testbed.container(), {
        env: { CNI_IFNAME: "nc-absent" },
      });
      expectFailure(invocation, "the container has no interface nc-absent");
    },
    { when: (profile) => profile.kind === "chained" && profile.worksOnInterface === true },
  );

  requirement(
    "CNI-8",
    "an interface of that name that the plugin did not make is an error",
    async ({ testbed }) => {
      const container = await testbed.container();
      await testbed.shell("ip -n $NETNS link add $IF type veth peer name ncxv", container);
      const invocation = await testbed.call("ADD", container);
      expectFailure(invocation, `${container.ifName} exists already in the container`);
    },
  );

  requirement("CNI-8", "a second ADD is an error", async ({ testbed }) => {
    const { container } = await attach(testbed);
    const first = await readLink(plugin.host, container.name, container.ifName);
    const invocation = await testbed.call("ADD", container);
    expectFailure(invocation, `${container.ifName} exists already in the container`);
    const second = await readLink(plugin.host, container.name, container.ifName);
    if (isDeepStrictEqual(first, second)) return;
    throw violation(invocation, "the first interface untouched", JSON.stringify(second ?? "no interface"));
  });

  requirement("CNI-16a", "an address manager answers addresses only", async ({ testbed }) => {
    const { result, invocation } = await sample(testbed);
    // Before 1.0.0 an index should not be there, and interfaces must not.
    const { ips: _addresses, ...rest } = result;
    expectNoFlaw(invocation, interfaceFlaw(atLeast(plugin.version, "1.0.0") ? result : rest));
  });

  requirement("CNI-22", "args of somebody else in the configuration are no obstacle", async ({ testbed }) => {
    const args = { "com.example": { labels: [{ key: "app", value: "netconform" }] } };
    const invocation = await testbed.call("ADD", await testbed.container(), { config: { args } });
    expectSuccess(invocation, "success with args that the plugin does not know");
  });

  requirement("CNI-23", "a default route of another network is no obstacle", async ({ testbed }) => {
    const container = await testbed.container();
    const other = [
      "ip -n $NETNS link add ncother type veth peer name ncother2",
      "ip -n $NETNS address add 10.66.0.2/24 dev ncother",
      "ip -n $NETNS link set ncother up",
      "ip -n $NETNS route append default via 10.66.0.1",
    ];
    await testbed.shell(other.join(" && "), container);
    const invocation = await testbed.call("ADD", container);
    expectSuccess(invocation, "success beside a default route of another network");
  });
});

/** What a container has of its interface, in the words of `lostFrom`. */
async function readInside(host: Host, { name, ifName }: Container): Promise<ReadonlySet<string>> {
  if (!(await readLink(host, name, ifName))) return new Set();
  const addresses = await readAddresses(host, name, ifName);
  const routes = await readRoutes(host, name);
  return new Set([
    `interface ${ifName}`,
    ...addresses.map((address) => `address ${address}`),
    ...routes.map((dst) => `route to ${dst}`),
  ]);
}

/** What `ips[].version` is for an address or a CIDR. */
function ipVersionOf(text: string): string {
  return isAddress(text) || isCidr(text) ? String(familyOf(text)) : "none, since that is no address,";
}
