import { PluginFailure } from "#harness/cni/protocol/errors.ts";
import type { AddResult } from "#harness/cni/protocol/result.ts";
import { atLeast } from "#harness/cni/protocol/version.ts";
import type { Container } from "#harness/cni/testbed/container.ts";
import { answersPing, readLink } from "#harness/cni/testbed/inside.ts";
import { additions, readContainerState } from "#harness/cni/testbed/state.ts";
import type { Testbed } from "#harness/cni/testbed/testbed.ts";
import { addressOf, isCidr } from "#harness/core/ip.ts";
import { attach, expectSuccess, violation } from "./expect.ts";
import { cniSuite } from "./fixture.ts";

/** An address of the host from which it can ask containers, whether the plugin gives it one or not. */
const asker =
  "ip link add ncxp type veth peer name ncxq && ip address add 10.88.0.254/32 dev ncxp && ip link set ncxp up && ip link set ncxq up";
const healthy = "CHECKs that succeed with one attachment";
const pairs = "containers with two attachments";

interface Attachment {
  readonly container: Container;
  readonly result: AddResult;
  /** What its ADD has brought, as the lines of `readState` and `readContainerState`. */
  readonly onHost: readonly string[];
  readonly inside: readonly string[];
}

await cniSuite("attachments", ({ requirement, plugin }) => {
  const { host, version, profile } = plugin;
  const when = () => !profile.standsAlone;
  const stateIn = async (testbed: Testbed, container: Container) => ({
    onHost: await testbed.state(),
    inside: await readContainerState(host, container.name),
  });

  async function attachTo(testbed: Testbed, container: Container): Promise<Attachment> {
    const before = await stateIn(testbed, container);
    const { result } = await attach(testbed, {}, container);
    const after = await stateIn(testbed, container);
    return {
      ...{ container, result },
      onHost: additions(after.onHost, before.onHost),
      inside: additions(after.inside, before.inside),
    };
  }

  requirement(
    "CNI-20a",
    "a second ADD under another name makes a second interface, beside the first",
    async ({ testbed }) => {
      const { container, result } = await attach(testbed);
      const second = await attach(testbed, {}, await testbed.again(container));
      const { invocation } = second;
      for (const { ifName } of profile.kind === "interface" ? [container, second.container] : []) {
        if (await readLink(host, container.name, ifName)) continue;
        throw violation(invocation, `${ifName} in the container`, "no such interface");
      }
      if (!profile.allocates) return;
      const first = result.ips?.map(({ address }) => address) ?? [];
      const twice = second.result.ips?.find(({ address }) => first.includes(address));
      if (twice) throw violation(invocation, "an address that is free", `${twice.address} of the first`);
    },
    { when },
  );

  requirement(
    "CNI-20b",
    "CHECK of both attachments of a container",
    async ({ testbed, saw, note }) => {
      const { container: first } = await attach(testbed);
      const alone = await testbed.call("CHECK", first);
      if (alone.code === 0) saw(healthy);
      else return note("CHECK fails already with one attachment, so nothing can be said of two");
      const second = await testbed.again(first);
      // That it can be made is another rule.
      const added = await testbed.call("ADD", second);
      if (added.code !== 0 || !second.result) return;
      saw(pairs);
      for (const one of [first, second]) {
        expectSuccess(await testbed.call("CHECK", one), `success for ${one.ifName}, beside another`);
      }
    },
    { when, sees: [healthy, pairs] },
  );

  for (const [gone, stays] of [
    ["second", "first"],
    ["first", "second"],
  ] as const) {
    requirement(
      "CNI-20c",
      `after DEL of the ${gone} attachment the ${stays} is as it was`,
      async ({ testbed, note, saw }) => {
        await testbed.prepare(asker);
        const container = await testbed.container();
        const first = await attachTo(testbed, container);
        const second = await attachTo(testbed, await testbed.again(container)).catch((error: unknown) => {
          // That it can be made is another rule.
          if (error instanceof PluginFailure) return undefined;
          throw error;
        });
        if (!second) return;
        saw(pairs);
        const [deleted, kept] = gone === "first" ? [first, second] : [second, first];
        const checks = atLeast(version, "0.4.0");
        const wasHealthy = checks && (await testbed.call("CHECK", kept.container)).code === 0;
        const reached = await reachedAddress(testbed, kept);

        const invocation = await testbed.call("DEL", deleted.container);
        expectSuccess(invocation, `success of DEL of ${deleted.container.ifName}`);
        const now = await stateIn(testbed, container);
        const lost = [...additions(kept.onHost, now.onHost), ...additions(kept.inside, now.inside)];
        if (lost.length > 0) {
          throw violation(invocation, `everything of ${kept.container.ifName}`, `no ${lost.join("; no ")}`);
        }
        if (wasHealthy) {
          const what = `success for ${kept.container.ifName}, as before DEL of ${deleted.container.ifName}`;
          expectSuccess(await testbed.call("CHECK", kept.container), what);
        }
        // Either interface of one subnet answers for the other's address: the host may know it by a MAC that has gone.
        await testbed.shell("ip -n $HOST neigh flush all");
        if (reached === undefined)
          note("no address was reached from the host before DEL, so none is asked for after");
        else if (!(await answersPing(host, testbed.name, reached))) {
          throw violation(invocation, `${reached} to answer the host, as before`, "no answer to ping");
        }
        expectSuccess(await testbed.call("DEL", kept.container), "success of DEL of the other");
      },
      { when, sees: [pairs] },
    );
  }

  /** An address of an interface that answers the host. */
  async function reachedAddress(testbed: Testbed, { result }: Attachment): Promise<string | undefined> {
    if (profile.kind !== "interface") return undefined;
    for (const { address } of result.ips ?? []) {
      // What is no address is told by the rule on that.
      if (!isCidr(address)) continue;
      const plain = addressOf(address);
      if (await answersPing(host, testbed.name, plain)) return plain;
    }
    return undefined;
  }
});
