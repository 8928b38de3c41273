import { inject } from "vitest";
import { ConfigurationError, PluginFailure } from "#harness/cni/errors.ts";
import { describeEnd, reportedError, reproduceInvocation } from "#harness/cni/invocation.ts";
import { atLeast, type SpecVersion } from "#harness/cni/version.ts";
import { readSettings } from "#harness/config/settings.ts";
import { conformanceSuite, type TestTools } from "#harness/conformance/suite.ts";
import { Blocked, Nonconformance } from "#harness/errors.ts";
import { LocalHost } from "#harness/host/local-host.ts";
import { Scope } from "#harness/scope.ts";
import { type CniRequirement, type CniRequirementId, cniRequirements } from "#suites/requirements/cni.ts";
import type { Subject } from "./container.ts";
import { Domain, sweepDomains } from "./domain.ts";
import type { Profile } from "./profiles.ts";
import { subjectOf } from "./subject.ts";

/** What a test of the tier works with. */
export interface CniTest extends TestTools {
  /** The test's own networking domain, or with `together` the one that such tests of the topic share. */
  readonly domain: Domain;
  readonly subject: Subject;
}

export interface CniTestOptions {
  /** Whether the test says anything about a plugin that is used like this. */
  when?: (profile: Profile, version: SpecVersion) => boolean;
  /** The test attaches nothing, so it runs also where the kernel cannot do what the plugin is for. */
  detached?: boolean;
  /** The test only looks at its own container; it shares a domain, which is faster. */
  together?: boolean;
  /** The test destroys the plugin's own records, so that what is left afterwards is not held against it. */
  spoils?: boolean;
  alone?: boolean;
}

export interface CniSuite {
  /** One test of one rule; not registered where the rule does not apply to the plugin or the version. */
  requirement(
    id: CniRequirementId,
    title: string,
    body: (test: CniTest) => Promise<void>,
    options?: CniTestOptions,
  ): void;
  readonly subject: Subject;
}

interface Opened {
  readonly subject: Subject;
  /** What the first attachment of a domain leaves for good, e.g. the bridge; no leak unless it grows. */
  readonly infrastructure: readonly string[];
  /** Why nothing can be attached on this machine. */
  readonly blocked: string | undefined;
  /** The domain of the tests that run `together`, made on first use. */
  readonly common: () => Promise<Domain>;
}

/** What a test left in its domain, as the lines of `readState`. */
interface Leak {
  /** The test, as it reads after "after". */
  readonly when: string;
  readonly left: readonly string[];
  readonly domain: Domain;
}

/** Commands that show what is left, by the first word of its line. */
const commands: Readonly<Record<string, string>> = {
  link: "ip link",
  address: "ip address",
  route: "ip route show table all",
  rule: "ip rule",
  shaper: "tc qdisc",
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
  const settings = readSettings();
  const subject = await subjectOf(inject("target"), settings, host);
  const leaks: Leak[] = [];
  const lookFor = (when: string, left: readonly string[], domain: Domain) => {
    if (left.length > 0) leaks.push({ when, left, domain });
  };

  conformanceSuite<Opened>(
    {
      chapter: "cni",
      open: (scope) => open(subject, scope, settings.CONFIG !== undefined),
    },
    (suite) => {
      const requirement: CniSuite["requirement"] = (cited, title, body, options = {}) => {
        const id = ruleFor(cited, subject);
        if (!id || options.when?.(subject.profile, subject.version) === false) return;
        suite.requirement(
          id,
          title,
          async ({ infrastructure, blocked, common, subject: _subject, ...tools }) => {
            if (blocked && !options.detached) throw new Blocked(blocked);
            const domain = options.together ? await common() : await Domain.open(subject, tools.scope);
            try {
              await body({ ...tools, domain, subject });
            } catch (error) {
              tellHowToRepeat(error, domain, tools);
              throw error;
            } finally {
              const left = options.together ? [] : await domain.settle(infrastructure);
              if (!options.spoils) lookFor(`"${id} ${title}"`, left, domain);
            }
          },
          { alone: options.alone ?? false },
        );
      };
      define({ requirement, subject });

      if (!ruleFor("CNI-10d", subject)) return;
      suite.requirement(
        "CNI-10d",
        `nothing is left of the attachments of the tests of ${topic}`,
        async ({ blocked, common, infrastructure, reproduce }) => {
          if (blocked) throw new Blocked(blocked);
          const shared = await common();
          lookFor("the tests that share a domain", await shared.settle(infrastructure), shared);
          const [first] = leaks.sort((one, other) => one.when.localeCompare(other.when));
          if (!first) return;
          reproduceLeak(first, reproduce);
          throw new Nonconformance({
            who: subject.type,
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

/** Sorts of things that are left, e.g. `iptables`. */
function sortsOf(left: readonly string[]): string[] {
  return [...new Set(left.map((line) => line.split(" ", 1)[0] ?? ""))];
}

function reproduceLeak({ left, domain }: Leak, reproduce: TestTools["reproduce"]): void {
  const looks = sortsOf(left).map((sort) =>
    sort === "file" ? `grep -r . ${domain.dataDir}` : `ip netns exec ${domain.name} ${commands[sort]}`,
  );
  const line = [...domain.steps(), ...looks].join("; ");
  if (line.length <= lineLimit) reproduce(line);
}

/** The rule that applies to the plugin's kind at the version: the cited one, the one before it, or none. */
function ruleFor(id: CniRequirementId, subject: Subject): CniRequirementId | undefined {
  const { kinds, since, until, before }: CniRequirement = cniRequirements[id];
  if (!kinds.includes(subject.profile.kind)) return undefined;
  if (until && !atLeast(until, subject.version)) return undefined;
  if (atLeast(subject.version, since)) return id;
  return before === undefined ? undefined : ruleFor(before as CniRequirementId, subject);
}

async function open(subject: Subject, suiteScope: Scope, configured: boolean): Promise<Opened> {
  await sweepDomains(subject.host);
  let domain: Promise<Domain> | undefined;
  const common = () => {
    domain ??= Domain.open(subject, suiteScope).then((opened) => {
      opened.takeTurns();
      return opened;
    });
    return domain;
  };
  const blocked = await findObstacle(subject);
  const infrastructure = blocked ? [] : await learnInfrastructure(subject, configured);
  return { subject, infrastructure, blocked, common };
}

async function learnInfrastructure(subject: Subject, configured: boolean): Promise<string[]> {
  await using scope = new Scope("learning what a first attachment leaves");
  const domain = await Domain.open(subject, scope);
  const container = await domain.container();
  const added = await domain.call("ADD", container);
  if (added.code !== 0 && configured) {
    const reported = reportedError(added);
    if ("error" in reported && [2, 6, 7].includes(reported.error.code)) {
      throw new ConfigurationError(`${subject.type} refuses CONFIG: ${describeEnd(added)}`, {
        hint: `correct the configuration; by hand: ${reproduceInvocation(added)}`,
      });
    }
  }
  return await domain.settle();
}

/** What the plugin needs and this machine does not have. */
async function findObstacle({ profile, host }: Subject): Promise<string | undefined> {
  if (profile.unavailable) return profile.unavailable;
  for (const need of profile.needs ?? []) {
    const [what = "", ...words] = need.split(" ");
    const name = words.join(" ");
    if (what === "program") {
      const found = await host.exec(["sh", "-c", `command -v ${name}`]);
      if (found.code !== 0) return `${name} is not installed on this machine`;
    } else if (what === "device") {
      if (!(await host.files.exists(name))) return `this machine has no ${name}`;
    } else {
      const tried = await host.exec(["unshare", "--net", "sh", "-c", `ip link add ncprobe type ${name}`]);
      if (/unknown device type|not supported/i.test(tried.stderr)) {
        return `this machine's kernel has no ${words[0]} devices`;
      }
    }
  }
  return undefined;
}

function tellHowToRepeat(error: unknown, domain: Domain, tools: TestTools): void {
  const invocation = error instanceof PluginFailure ? PluginFailure.detailsOf(error).invocation : undefined;
  const steps = domain.steps(invocation);
  tools.keep({ name: "reproduce.sh", content: `#!/bin/sh\n${steps.join("\n")}\n` });
  tools.keep({ name: "calls.json", content: JSON.stringify(domain.invocations, undefined, 2) });
  const line = steps.join("; ");
  if (line.length <= lineLimit) tools.reproduce(line);
  else if (invocation) tools.reproduce(reproduceInvocation(invocation));
}
