import { join } from "node:path";
import { inject } from "vitest";
import { loadPluginProfile } from "#drivers/cni/plugin-profile/load.ts";
import { crashOf } from "#harness/cni/protocol/crash.ts";
import { PluginFailure } from "#harness/cni/protocol/errors.ts";
import { describeEnd, type Invocation } from "#harness/cni/protocol/invocation.ts";
import type { PluginUnderTest } from "#harness/cni/testbed/container.ts";
import { pluginUnderTest } from "#harness/cni/testbed/plugin-under-test.ts";
import type { PluginProfile } from "#harness/cni/testbed/profiles.ts";
import type { ReferenceAttachment } from "#harness/cni/testbed/reference/reference.ts";
import { leftByFirst, Testbed } from "#harness/cni/testbed/testbed.ts";
import { leavesOnceMore, onceMore } from "#harness/conformance/cni-run/again.ts";
import { evidenceFolder } from "#harness/conformance/suite/record/evidence-files.ts";
import type { TestTools } from "#harness/conformance/suite/tools.ts";
import { workerSettings } from "#harness/conformance/suite/worker-settings.ts";
import { conformanceSuite } from "#harness/conformance/suite.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, messageOf, Nonconformance } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { quote } from "#harness/host/shell.ts";
import type { ByHand } from "#harness/observe/second-look/by-hand.ts";
import type { NotRun } from "#harness/observe/second-look/mark.ts";
import { applicableRule, type CniPluginTarget } from "#suites/requirements/applicability/applicability.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";
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
  /**
   * The test says whether a plugin attaches at all: where the reference attachment has failed, this judges that one, and no other is
   * tried. Where it does not throw, the test is blocked like the others.
   */
  judgesFailed?: (invocation: Invocation) => void;
  /** The test only looks at its own container; it shares a testbed, which is faster. Those of a name share one of their own. */
  together?: boolean | string;
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
  /** The testbed of the tests that run `together` under this name, made on first use. */
  readonly common: (name: string) => Promise<Testbed>;
  /** All of those that were made. */
  readonly shared: () => Promise<Testbed[]>;
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
  kept: "find /run /var/lib/cni -type f",
};

/** Longest script that is offered as one line to copy, in characters. */
const lineLimit = 300;

/**
 * Registers the tests of one topic for the plugin and version of this target.
 * A last test looks at everything that the others have left.
 */
export async function cniSuite(topic: string, define: (suite: CniSuite) => void): Promise<void> {
  const host = new LocalHost();
  const settings = workerSettings();
  const reference = inject("reference");
  const profile = await loadPluginProfile(settings);
  const given = await pluginUnderTest(inject("target"), settings, host, reference, profile);
  // What is missing on this machine is missing to the lines that prepare for attachments, too.
  const plugin = reference.blocked === undefined ? given : unprepared(given);
  const target: CniPluginTarget = { on: "cni", kind: plugin.profile.kind, version: plugin.version };
  const evidenceOf = (id: RequirementId) =>
    join(evidenceFolder(settings.REPORTS, inject("target")), "cni", id);
  const leaks: Leak[] = [];
  const opened = new Set<Testbed>();
  const lookFor = (when: string, left: readonly string[], testbed: Testbed) => {
    if (left.length > 0) leaks.push({ when, left, testbed });
  };

  conformanceSuite<Opened>(
    {
      chapter: "cni",
      open: async (scope) => open(plugin, scope),
      versions: () => (reference.about === undefined ? {} : { [plugin.type]: reference.about }),
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
          async ({ common, shared: _unused, plugin: _subject, ...tools }) => {
            const repeat = repeatIn(evidenceOf(id), title, tools);
            refuseUnattached(plugin, reference, options, repeat);
            const { together } = options;
            const testbed = together
              ? await common(together === true ? "" : together)
              : await Testbed.open(plugin, tools.scope);
            opened.add(testbed);
            const settle = async () => {
              const left = together ? [] : await testbed.settle(reference.infrastructure);
              if (!options.leavesState) lookFor(`"${id} ${title}"`, left, testbed);
            };
            try {
              await body({ ...tools, testbed, plugin });
            } catch (error) {
              tellHowToRepeat(error, testbed, repeat);
              // Whatever comes of tidying up, this is what the test found.
              await settle().catch((other) => tools.note(`nor could it be tidied up: ${messageOf(other)}`));
              throw error;
            }
            await settle();
          },
          { alone: options.alone ?? false, sees: options.sees ?? [] },
        );
      };
      define({ requirement, plugin });

      if (registered > 0) {
        suite.requirement(
          "CNI-2c",
          `no call of the tests of ${topic} ended in a crash`,
          async ({ common: _unused, shared: _neither, plugin: _subject, ...tools }) => {
            // How another plugin of its list ends is not this one's.
            const invocations = [...opened].flatMap((testbed) =>
              testbed.invocations.filter((invocation) => invocation.plugin === plugin.type),
            );
            if (reference.failed) invocations.push(reference.failed.invocation);
            const why = reference.unusable ?? reference.blocked;
            if (invocations.length === 0 && why !== undefined) throw new Blocked(why);
            expectNoCrash(invocations, (crashed) => {
              const testbed = [...opened].find((one) => one.invocations.includes(crashed));
              const steps = testbed?.stepsUntil(crashed) ?? reference.failed?.steps ?? [];
              repeatIn(evidenceOf("CNI-2c"), topic, tools)(
                steps,
                [crashed],
                onceMore(plugin, steps, crashed),
              );
            });
          },
          { alone: true },
        );
      }
      if (!applicableRule("CNI-10d", target)) return;
      suite.requirement(
        "CNI-10d",
        `nothing is left of the attachments of the tests of ${topic}`,
        async ({ common: _unused, shared, plugin: _subject, ...tools }) => {
          const repeat = repeatIn(evidenceOf("CNI-10d"), topic, tools);
          refuseUnattached(plugin, reference, {}, repeat);
          if (reference.infrastructure.length > 0)
            tools.fact(leftByFirst, reference.infrastructure.join("; "));
          for (const one of await shared()) {
            lookFor("the tests that share a testbed", await one.settle(reference.infrastructure), one);
          }
          const [first] = leaks.sort((one, other) => one.when.localeCompare(other.when));
          if (!first) return;
          reproduceLeak(first, repeat);
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

/** One failure names all calls that ended so. */
function expectNoCrash(invocations: readonly Invocation[], repeat: (crashed: Invocation) => void): void {
  const crashes = invocations.flatMap((invocation) => {
    const how = crashOf(invocation);
    return how === undefined ? [] : [{ invocation, how }];
  });
  const [first] = crashes;
  if (!first) return;
  repeat(first.invocation);
  const all = crashes.map(({ invocation, how }) => `${how} at ${invocation.command}`);
  const got = [...new Set(all)].sort().join("; ");
  throw new PluginFailure(first.invocation, "an answer to every call", got);
}

/** Sorts of things that are left, e.g. `iptables`. */
function sortsOf(left: readonly string[]): string[] {
  return [...new Set(left.map((line) => line.split(" ", 1)[0] ?? ""))];
}

function reproduceLeak({ left, testbed }: Leak, repeat: Repeat): void {
  const sorts = sortsOf(left);
  const looks = sorts.map((sort) =>
    sort === "file"
      ? `grep -r . ${testbed.dataDir}`
      : testbed.lineInside(commands[sort] ?? testbed.plugin.profile.state ?? ""),
  );
  const steps = [...testbed.steps(), ...looks];
  const onlyFiles = sorts.every((sort) => sort === "file");
  const how = onlyFiles
    ? leavesOnceMore(testbed.plugin, steps)
    : { notRun: "its last lines print what is left, to be read" };
  repeat(steps, testbed.invocations, how);
}

function open(plugin: PluginUnderTest, suiteScope: Scope): Opened {
  const made = new Map<string, Promise<Testbed>>();
  const make = async () => {
    const testbed = await Testbed.open(plugin, suiteScope);
    testbed.takeTurns();
    return testbed;
  };
  const common = (name: string) => {
    const testbed = made.get(name) ?? make();
    made.set(name, testbed);
    return testbed;
  };
  return { plugin, common, shared: () => Promise.all(made.values()) };
}

/**
 * Throws `Blocked` where nothing can be attached. Where the reference attachment has failed, the tests that are there to judge that
 * tell it, and the others wait for it.
 */
function refuseUnattached(
  plugin: PluginUnderTest,
  { unusable, blocked, failed }: ReferenceAttachment,
  { detached = false, judgesFailed }: CniTestOptions,
  repeat: Repeat,
): void {
  if (unusable !== undefined) throw new Blocked(unusable);
  if (detached) return;
  if (blocked !== undefined) throw new Blocked(blocked);
  if (!failed) return;
  try {
    judgesFailed?.(failed.invocation);
  } catch (error) {
    repeat(failed.steps, [failed.invocation], onceMore(plugin, failed.steps, failed.invocation));
    throw error;
  }
  const { invocation } = failed;
  const how = invocation.code === 0 ? "answers ADD with nothing that can be read" : describeEnd(invocation);
  throw new Blocked(`the plugin attaches nothing: ${how}`);
}

/** A plugin that is only called, and attaches nothing. */
function unprepared(plugin: PluginUnderTest): PluginUnderTest {
  const { prepareHost: _host, prepareContainer: _container, state: _state, ...profile } = plugin.profile;
  return { ...plugin, profile };
}

function tellHowToRepeat(error: unknown, testbed: Testbed, repeat: Repeat): void {
  const invocation = error instanceof PluginFailure ? PluginFailure.detailsOf(error).invocation : undefined;
  const steps = testbed.steps(invocation);
  repeat(steps, testbed.invocations, onceMore(testbed.plugin, steps, invocation));
}

/** Keeps the lines that show a failure by hand, and the calls that were made. */
type Repeat = (steps: readonly string[], invocations: readonly Invocation[], how: ByHand | NotRun) => void;

/** A few steps are a line to copy, more are a script among the evidence. Tests of one requirement have one each. */
function repeatIn(folder: string, title: string, tools: TestTools): Repeat {
  return (steps, invocations, how) => {
    const test = title
      .replaceAll(/[^\w.]+/g, "-")
      .replaceAll(/^-|-$/g, "")
      .slice(0, 60);
    const script = `reproduce-${test}.sh`;
    tools.keep({ name: script, content: `#!/bin/sh\n${steps.join("\n")}\n` });
    tools.keep({ name: `calls-${test}.json`, content: JSON.stringify(invocations, undefined, 2) });
    const line = steps.join("; ");
    tools.reproduce(line.length <= lineLimit ? line : `sh ${quote(join(folder, script))}`, how);
  };
}
