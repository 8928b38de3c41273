import { isDeepStrictEqual } from "node:util";
import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import type { CniCommand } from "#harness/cni/protocol/request.ts";
import { Delegate } from "#harness/cni/testbed/delegate.ts";
import { NothingSeen } from "#harness/core/errors.ts";
import { parseJson } from "#harness/core/text/json.ts";
import { attach, expectFailure, expectSuccess, violation } from "./expect.ts";
import { cniSuite } from "./fixture.ts";

const failedStatus = "STATUS calls that failed";

await cniSuite("delegation", ({ requirement }) => {
  const delegating = { when: (profile: { delegates?: boolean }) => profile.delegates === true };

  for (const [id, command] of [
    ["CNI-15a", "DEL"],
    ["CNI-15b", "CHECK"],
  ] as const) {
    requirement(
      id,
      `${command} of the plugin is a ${command} of its delegate`,
      async ({ testbed }) => {
        const delegate = await Delegate.install(testbed);
        const { container } = await attach(testbed, delegate.use);
        await expectForwarded(delegate, command, () => testbed.call(command, container, delegate.use));
      },
      delegating,
    );

    requirement(
      "CNI-15c",
      `an error of the delegate's ${command} is the plugin's`,
      async ({ testbed }) => {
        const delegate = await Delegate.install(testbed);
        const { container } = await attach(testbed, delegate.use);
        await expectPassedOn(delegate, command, () => testbed.call(command, container, delegate.use));
      },
      delegating,
    );
  }

  requirement(
    "CNI-15d",
    "after a failed ADD the delegate is called with DEL",
    async ({ testbed }) => {
      const delegate = await Delegate.install(testbed);
      await delegate.refuse("ADD");
      const invocation = await testbed.call("ADD", await testbed.container(), delegate.use);
      expectFailure(invocation, "the delegate's ADD failed");
      const commands = await delegate.commands();
      if (commands.includes("DEL")) return;
      throw violation(
        invocation,
        "a DEL of the delegate after its failed ADD",
        `the calls ${commands.join(", ")}`,
      );
    },
    delegating,
  );

  requirement(
    "CNI-16b",
    "the delegate's CNI variables are the plugin's",
    async ({ testbed }) => {
      const delegate = await Delegate.install(testbed);
      const { invocation } = await attach(testbed, delegate.use);
      const [call] = await delegate.calls();
      for (const [name, value] of Object.entries(invocation.env)) {
        if (call?.env[name] === value) continue;
        throw violation(invocation, `${name}=${value} at the delegate`, call?.env[name] ?? "nothing");
      }
    },
    delegating,
  );

  requirement(
    "CNI-16b",
    "CNI_ARGS and variables that nobody knows reach the delegate",
    async ({ testbed }) => {
      const delegate = await Delegate.install(testbed);
      const env = { CNI_ARGS: "IgnoreUnknown=1;NC_EXAMPLE=one", TRACEPARENT: "00-1-2-01" };
      const { invocation } = await attach(testbed, { ...delegate.use, env });
      const [call] = await delegate.calls();
      for (const [name, value] of Object.entries(env)) {
        if (call?.env[name] === value) continue;
        throw violation(invocation, `${name}=${value} at the delegate`, call?.env[name] ?? "nothing");
      }
    },
    delegating,
  );

  requirement(
    "CNI-16c",
    "the delegate's configuration is the plugin's",
    async ({ testbed }) => {
      const delegate = await Delegate.install(testbed);
      const extra = { "com.example.unknown": { deep: [1, "two", null] } };
      const changes = { ...delegate.use, config: { ...delegate.use.config, ...extra } };
      const { invocation } = await attach(testbed, changes);
      const [call] = await delegate.calls();
      const received = parseJson(call?.stdin ?? "");
      if (received.ok && isDeepStrictEqual(received.value, JSON.parse(invocation.stdin))) return;
      throw violation(invocation, "the same configuration at the delegate", call?.stdin ?? "no call");
    },
    delegating,
  );

  requirement(
    "CNI-16d",
    "what the delegate writes to stderr is on the plugin's stderr",
    async ({ testbed }) => {
      const delegate = await Delegate.install(testbed);
      const { invocation } = await attach(testbed, delegate.use);
      if (invocation.stderr.includes(Delegate.words)) return;
      throw violation(invocation, `"${Delegate.words}" on stderr`, invocation.stderr.trim() || "nothing");
    },
    delegating,
  );

  requirement(
    "CNI-16e",
    "addresses and DNS are those of the delegate's answer",
    async ({ testbed }) => {
      const delegate = await Delegate.install(testbed);
      const { result, invocation } = await attach(testbed, delegate.use);
      const { ips, dns } = delegate.result;
      const told = result.ips?.map(({ address, gateway }) => `${address} by ${gateway}`).join(", ");
      const wanted = ips.map(({ address, gateway }) => `${address} by ${gateway}`).join(", ");
      if (told !== wanted) throw violation(invocation, `the delegate's address ${wanted}`, told || "none");
      const servers = result.dns?.nameservers?.join(", ");
      if (servers === dns.nameservers.join(", ")) return;
      throw violation(invocation, `the delegate's name server ${dns.nameservers}`, servers || "none");
    },
    delegating,
  );

  requirement(
    "CNI-13b",
    "STATUS is a JSON error when the delegate is not installed",
    async ({ testbed }) => {
      if ((await testbed.call("STATUS")).code !== 0) {
        throw new NothingSeen("STATUS fails also with a delegate that is there, so its failure says nothing");
      }
      const invocation = await testbed.call("STATUS", undefined, {
        config: { ipam: { type: "nc-not-installed" } },
      });
      expectFailure(invocation, "the delegate is not in CNI_PATH, so that no ADD can be served");
      if (!parseJson(invocation.stdout).ok) throw violation(invocation, "a JSON error on stdout", "none");
    },
    delegating,
  );

  requirement(
    "CNI-13c",
    "STATUS of the plugin is a STATUS of its delegate",
    async ({ testbed }) => {
      const delegate = await Delegate.install(testbed);
      await expectForwarded(delegate, "STATUS", () => testbed.call("STATUS", undefined, delegate.use));
    },
    delegating,
  );

  requirement(
    "CNI-13d",
    "a delegate that is not ready makes the plugin not ready",
    async ({ testbed }) => {
      const delegate = await Delegate.install(testbed);
      await expectPassedOn(delegate, "STATUS", () => testbed.call("STATUS", undefined, delegate.use));
    },
    delegating,
  );

  requirement(
    "CNI-13f",
    "DEL succeeds after a STATUS that failed",
    async ({ testbed, saw }) => {
      const delegate = await Delegate.install(testbed);
      const { container } = await attach(testbed, delegate.use);
      await delegate.refuse("STATUS");
      // That it fails is another rule.
      if ((await testbed.call("STATUS", undefined, delegate.use)).code === 0) return;
      saw(failedStatus);
      const invocation = await testbed.call("DEL", container, delegate.use);
      expectSuccess(invocation, "success although STATUS has failed");
    },
    { ...delegating, sees: [failedStatus] },
  );

  requirement(
    "CNI-14a",
    "GC of the plugin is a GC of its delegate",
    async ({ testbed }) => {
      const delegate = await Delegate.install(testbed);
      const changes = { ...delegate.use, valid: [] };
      await expectForwarded(delegate, "GC", () => testbed.call("GC", undefined, changes));
    },
    delegating,
  );

  requirement(
    "CNI-14d",
    "an error of the delegate's GC is reported",
    async ({ testbed }) => {
      const delegate = await Delegate.install(testbed);
      const changes = { ...delegate.use, valid: [] };
      await expectPassedOn(delegate, "GC", () => testbed.call("GC", undefined, changes));
    },
    delegating,
  );
});

/** The call must be one of the delegate. Whether it succeeds is another rule; one that fails may not come as far as the delegate. */
async function expectForwarded(
  delegate: Delegate,
  command: CniCommand,
  call: () => Promise<Invocation>,
): Promise<void> {
  const earlier = (await delegate.commands()).length;
  const invocation = await call();
  const made = (await delegate.commands()).slice(earlier);
  if (made.includes(command)) return;
  if (invocation.code !== 0) throw new NothingSeen(`${command} fails before the delegate is called`);
  throw violation(invocation, `a ${command} of the delegate`, made.join(", ") || "no call");
}

/** The call must fail because of the delegate: where that does not refuse, the same call has to succeed. */
async function expectPassedOn(
  delegate: Delegate,
  command: CniCommand,
  call: () => Promise<Invocation>,
): Promise<void> {
  const expectUsual = async () => {
    if ((await call()).code === 0) return;
    throw new NothingSeen(`${command} fails also where the delegate does not, so its failure says nothing`);
  };
  // After a DEL that is done there is nothing left for which the delegate must be called.
  const usualFirst = command !== "DEL";
  if (usualFirst) await expectUsual();
  await delegate.refuse(command);
  const invocation = await call();
  await delegate.accept(command);
  expectFailure(invocation, `the delegate's ${command} failed`);
  if (!usualFirst) await expectUsual();
}
