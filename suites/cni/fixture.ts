import { inject } from "vitest";
import { crashOf } from "#harness/cni/protocol/crash.ts";
import { ConfigurationError, PluginFailure } from "#harness/cni/protocol/errors.ts";
import { describeEnd, reportedError, reproduceInvocation } from "#harness/cni/protocol/invocation.ts";
import { findObstacle } from "#harness/cni/testbed/chain/obstacle.ts";
import type { PluginUnderTest } from "#harness/cni/testbed/container.ts";
import { pluginUnderTest } from "#harness/cni/testbed/plugin-under-test.ts";
import type { PluginProfile } from "#harness/cni/testbed/profiles.ts";
import { leftByFirst, sweepTestbeds, Testbed } from "#harness/cni/testbed/testbed.ts";
import type { TestTools } from "#harness/conformance/suite/tools.ts";
import { workerSettings } from "#harness/conformance/suite/worker-settings.ts";
import { conformanceSuite } from "#harness/conformance/suite.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { Blocked, Nonconformance } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { applicableRule, type CniPluginTarget } from "#suites/requirements/applicability/applicability.ts";
import type { CniRequirementId } from "#suites/requirements/rules/cni.ts";
import type { SpecVersion } from "#suites/requirements/spec-version.ts";

/** What a test of the suite works with. */
export interface CniTest extends TestTools {
  /** The test's own networking testbed, or with `together` the one that such tests of the topic share. */
  readonly testbed: Testbed;
  readonly plugin: PluginUnderTest;
}

export interface CniTestOptions {
  /** Whether the test says anything about a plugin that is used like this. */
  when?: (profile: PluginProfile, version: SpecVersion) => boolean;
  /** The test attaches nothing, so it runs also where the kernel cannot do what the plugin is for. */
  detached?: boolean;
  /** The test only looks at its own container; it shares a testbed, which is faster. */
  together?: boolean;
  /** The test destroys the plugin's own records, so that what is left afterwards is not held against it. */
  leavesState?: boolean;
  alone?: boolean;
  /** As `TestOptions.sees`. */
  sees?: readonly string[];
}

export interface CniSuite {
  /** One test of one rule; not registered where the rule does not apply to the plugin or the version. */
  requirement(
    id: CniRequirementId,
    title: string,
    body: (test: CniTest) => Promise<void>,
    options?: CniTestOptions,
  ): void;
  readonly plugin: PluginUnderTest;
}

interface Opened {
  readonly plugin: PluginUnderTest;
  /** What the first attachment of a testbed leaves permanently, e.g. the bridge; no leak unless it grows. */
  readonly infrastructure: readonly string[];
  /** Why nothing can be attached on this machine. */
  readonly blocked: string | undefined;
  /** The testbed of the tests that run `together`, made on first use. */
  readonly common: () => Promise<Testbed>;
}

/** What a test left in its testbed, as the lines of `readState`. */
interface Leak {
  /** The test, as it reads after "after". */
  readonly when: string;
  readonly left: readonly string[];
  readonly testbed: Testbed;
}

/** Commands that show what is left, by the first word of its line. */
const commands: Readonly<Record<string, string>> = {
  link: "ip link",
  address: "ip address",
  route: "ip route show table all",
  rule: "ip rule",
  rule6: "ip -6 rule",
  shaper: "tc qdisc",
  filter: "sh -c 'for device in $(ls /sys/class/net); do tc filter show dev $device; done'",
  process: "sh -c 'ip netns pids $(ip netns identify)'",
  sysctl: "sysctl -a",
  nft: "nft list ruleset",
  iptables: "iptables-save",
  ip6tables: "ip6tables-save",
};

/** Longest script that is offered as one line to copy. */
const lineLimit = 6000;

/**
 * Registers the tests of one topic for the plugin and version of this target.
 * A last test looks at everything that the others have left.
 */
export async function cniSuite(topic: string, define: (suite: CniSuite) => void): Promise<void> {
  const host = new LocalHost();
  const settings = workerSettings();
  const plugin = await pluginUnderTest(inject("target"), settings, host);
  const target: CniPluginTarget = { on: "cni", kind: plugin.profile.kind, version: plugin.version };
  const leaks: Leak[] = [];
  const opened = new Set<Testbed>();
  const lookFor = (when: string, left: readonly string[], testbed: Testbed) => {
    if (left.length > 0) leaks.push({ when, left, testbed });
  };

  conformanceSuite<Opened>(
    {
      chapter: "cni",
      open: (scope) => open(plugin, scope, settings.CONFIG !== undefined),
    },
    (suite) => {
      let registered = 0;
      const requirement: CniSuite["requirement"] = (cited, title, body, options = {}) => {
        const id = applicableRule(cited, target);
        if (!id || options.when?.(plugin.profile, plugin.version) === false) return;
        registered += 1;
        suite.requirement(
          id,
          title,
          async ({ infrastructure, blocked, common, plugin: _subject, ...tools }) => {
            if (blocked && !options.detached) throw new Blocked(blocked);
            const testbed = options.together ? await common() : await Testbed.open(plugin, tools.scope);
            opened.add(testbed);
            try {
              await body({ ...tools, testbed, plugin });
            } catch (error) {
              tellHowToRepeat(error, testbed, tools);
              throw error;
            } finally {
              const left = options.together ? [] : await testbed.settle(infrastructure);
              if (!options.leavesState) lookFor(`"${id} ${title}"`, left, testbed);
            }
          },
          { alone: options.alone ?? false, sees: options.sees ?? [] },
        );
      };
      define({ requirement, plugin });

      if (registered > 0) {
        suite.requirement(
          "CNI-2c",
          `no call of the tests of ${topic} ended in a crash`,
          async ({ blocked, reproduce }) => {
            if (opened.size === 0 && blocked) throw new Blocked(blocked);
            expectNoCrash([...opened], reproduce);
          },
          { alone: true },
        );
      }
      if (!applicableRule("CNI-10d", target)) return;
      suite.requirement(
        "CNI-10d",
        `nothing is left of the attachments of the tests of ${topic}`,
        async ({ blocked, common, infrastructure, reproduce, fact }) => {
          if (blocked) throw new Blocked(blocked);
          if (infrastructure.length > 0) fact(leftByFirst, infrastructure.join("; "));
          const shared = await common();
          lookFor("the tests that share a testbed", await shared.settle(infrastructure), shared);
          const [first] = leaks.sort((one, other) => one.when.localeCompare(other.when));
          if (!first) return;
          reproduceLeak(first, reproduce);
          throw new Nonconformance({
            who: plugin.type,
            expected: "nothing to be left after DEL",
            got: leaks.map(({ when, left }) => `${sortsOf(left).join(", ")} after ${when}`).join("; "),
            evidence: leaks
              .flatMap(({ when, left }) => [`  after ${when}:`, ...left.map((line) => `    ${line}`)])
              .join("\n"),
          });
        },
        { alone: true },
      );
    },
  );
}

/** Of everything that was called in these testbeds; one failure names them all. */
function expectNoCrash(testbeds: readonly Testbed[], reproduce: TestTools["reproduce"]): void {
  const crashes = testbeds.flatMap(({ invocations }) =>
    invocations.flatMap((invocation) => {
      const how = crashOf(invocation);
      return how === undefined ? [] : [{ invocation, how }];
    }),
  );
  const [first] = crashes;
  if (!first) return;
  reproduce(reproduceInvocation(first.invocation));
  const all = crashes.map(({ invocation, how }) => `${how} at ${invocation.command}`);
  const got = [...new Set(all)].sort().join("; ");
  throw new PluginFailure(first.invocation, "an answer to every call", got);
}

/** Sorts of things that are left, e.g. `iptables`. */
function sortsOf(left: readonly string[]): string[] {
  return [...new Set(left.map((line) => line.split(" ", 1)[0] ?? ""))];
}

function reproduceLeak({ left, testbed }: Leak, reproduce: TestTools["reproduce"]): void {
  const looks = sortsOf(left).map((sort) =>
    sort === "file" ? `grep -r . ${testbed.dataDir}` : `ip netns exec ${testbed.name} ${commands[sort]}`,
  );
  const line = [...testbed.steps(), ...looks].join("; ");
  if (line.length <= lineLimit) reproduce(line);
}

async function open(plugin: PluginUnderTest, suiteScope: Scope, configured: boolean): Promise<Opened> {
  await sweepTestbeds(plugin.host);
  let testbed: Promise<Testbed> | undefined;
  const common = () => {
    testbed ??= Testbed.open(plugin, suiteScope).then((opened) => {
      opened.takeTurns();
      return opened;
    });
    return testbed;
  };
  const blocked = await findObstacle(plugin.host, plugin.profile);
  const infrastructure = blocked ? [] : await learnInfrastructure(plugin, configured);
  return { plugin, infrastructure, blocked, common };
}

async function learnInfrastructure(plugin: PluginUnderTest, configured: boolean): Promise<string[]> {
  await using scope = new Scope("learning what a first attachment leaves");
  const testbed = await Testbed.open(plugin, scope);
  const container = await testbed.container();
  const added = await testbed.call("ADD", container);
  if (added.code !== 0 && configured) {
    const reported = reportedError(added);
    if ("error" in reported && [2, 6, 7].includes(reported.error.code)) {
      throw new ConfigurationError(`${plugin.type} refuses CONFIG: ${describeEnd(added)}`, {
        hint: `correct the configuration; by hand: ${reproduceInvocation(added)}`,
      });
    }
  }
  return await testbed.settle();
}

function tellHowToRepeat(error: unknown, testbed: Testbed, tools: TestTools): void {
  const invocation = error instanceof PluginFailure ? PluginFailure.detailsOf(error).invocation : undefined;
  const steps = testbed.steps(invocation);
  tools.keep({ name: "reproduce.sh", content: `#!/bin/sh\n${steps.join("\n")}\n` });
  tools.keep({ name: "calls.json", content: JSON.stringify(testbed.invocations, undefined, 2) });
  const line = steps.join("; ");
  if (line.length <= lineLimit) tools.reproduce(line);
  else if (invocation) tools.reproduce(reproduceInvocation(invocation));
}
