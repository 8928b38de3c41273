import { crashOf } from "#harness/cni/protocol/crash.ts";
import { PluginFailure } from "#harness/cni/protocol/errors.ts";
import { describeEnd, type Invocation } from "#harness/cni/protocol/invocation.ts";
import type { AddResult } from "#harness/cni/protocol/result.ts";
import { atLeast } from "#harness/cni/protocol/version.ts";
import type { Container, PluginUnderTest } from "#harness/cni/testbed/container.ts";
import { lostFrom } from "#harness/cni/testbed/reality/lost.ts";
import { type Unlike, unlikeInside, unlikeOnHost } from "#harness/cni/testbed/reality/reality.ts";
import { attachForReference, type ReferenceAttachment } from "#harness/cni/testbed/reference/reference.ts";
import { additions, readContainerState } from "#harness/cni/testbed/state.ts";
import { Testbed } from "#harness/cni/testbed/testbed.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { isCidr } from "#harness/core/ip.ts";
import { type Configuration, placeOf, profileOf, valuesOf } from "#harness/tools/cni-space/configuration.ts";
import type { OptionSpace } from "#harness/tools/cni-space/option.ts";
import { expectResult, expectSuccess } from "#suites/cni/expect.ts";
import { connectToPorts, pingBetween, pingFromHost } from "./reach.ts";
import { type RowId, rowIds, type Verdict } from "./rows.ts";
import { Verdicts } from "./verdicts.ts";

/** What one configuration has shown. Plain JSON. */
export interface Walked extends Configuration {
  readonly verdicts: Readonly<Partial<Record<RowId, Verdict>>>;
  /** Why the suite could not judge it. */
  readonly error?: string;
  /** Shell lines that repeat all of it. */
  readonly steps: readonly string[];
}

/**
 * Attaches containers with one configuration, looks at them, and detaches them, in the order in which a runtime does and in that of a crash.
 * Whatever the plugin does is a verdict.
 */
export async function walk(
  found: Omit<PluginUnderTest, "profile">,
  space: OptionSpace,
  configuration: Configuration,
): Promise<Walked> {
  const plugin = { ...found, profile: profileOf(space, configuration.choices) };
  const verdicts = new Verdicts();
  const reference = await attachForReference(plugin, space.kind, undefined);
  const done = (steps: readonly string[]) => ({ ...configuration, verdicts: verdicts.all(), steps });
  if (reference.failed) {
    const { invocation, steps } = reference.failed;
    tellFailedAdd(verdicts, invocation, space);
    skipOthers(verdicts, space);
    return done(steps);
  }
  await using scope = new Scope(configuration.name);
  const testbed = await Testbed.open(plugin, scope);
  await new Walk(testbed, space, configuration, verdicts, reference).run();
  for (const invocation of testbed.invocations) {
    const how = crashOf(invocation);
    if (how === undefined) await verdicts.judge("CNI-2c", () => {});
    else verdicts.fail("CNI-2c", `${invocation.command} of ${invocation.plugin}: ${how}`);
  }
  return done(testbed.steps());
}

/** One cause, told once: what needs an attachment is not run. */
function tellFailedAdd(verdicts: Verdicts, invocation: Invocation, { plugin }: OptionSpace): void {
  const how = invocation.code === 0 ? "an answer that cannot be read" : describeEnd(invocation);
  verdicts.fail("CNI-1", `ADD of ${plugin}: expected success, got ${how}`);
  const crash = crashOf(invocation);
  if (crash !== undefined) verdicts.fail("CNI-2c", `ADD of ${plugin}: ${crash}`);
}

function skipOthers(verdicts: Verdicts, { kind }: OptionSpace): void {
  for (const id of rowIds) if (appliesTo(id, kind)) verdicts.skip(id, "ADD fails");
}

function appliesTo(id: RowId, kind: OptionSpace["kind"]): boolean {
  const only: Partial<Record<RowId, readonly OptionSpace["kind"][]>> = {
    "CNI-5a": ["interface"],
    "CNI-5b": ["interface"],
    "CNI-5c": ["interface"],
    "CNI-5e": ["interface", "chained"],
    "CNI-6a": ["chained"],
    "CNI-10b": ["chained"],
    "CNI-16a": ["ipam"],
    "CNI-21": ["interface"],
    reach: ["interface", "chained"],
  };
  return only[id]?.includes(kind) ?? true;
}

class Walk {
  readonly #testbed: Testbed;
  readonly #space: OptionSpace;
  readonly #configuration: Configuration;
  readonly #verdicts: Verdicts;
  readonly #reference: ReferenceAttachment;

  constructor(
    testbed: Testbed,
    space: OptionSpace,
    configuration: Configuration,
    verdicts: Verdicts,
    reference: ReferenceAttachment,
  ) {
    this.#testbed = testbed;
    this.#space = space;
    this.#configuration = configuration;
    this.#verdicts = verdicts;
    this.#reference = reference;
  }

  async run(): Promise<void> {
    const [first, second, third] = await this.#testbed.manyContainers(this.#space.kind === "chained" ? 3 : 2);
    if (!first || !second) return;
    const isFree = await this.#alone(first);
    // A chained plugin never sees an interface again: that of the plugin before it goes with DEL.
    await this.#together(third ?? first, second, isFree || third !== undefined);
  }

  /** One container is attached, looked at, and detached as a runtime does it; whether that went well. */
  async #alone(container: Container): Promise<boolean> {
    const { plugin } = this.#testbed;
    const before = await readContainerState(plugin.host, container.name);
    const linksBefore = await this.#linksOnHost();
    if (!(await this.#attach(container, "CNI-1"))) {
      skipOthers(this.#verdicts, this.#space);
      return false;
    }
    await this.#lookAtResult(container, linksBefore);
    await this.#check(container);
    await this.#effects(container);
    const { reach } = this.#space;
    const wanted = reach?.(this.#configuration.choices) ?? {};
    if (wanted.host && this.#hasAddresses(container)) {
      const { host, ports } = wanted;
      await this.#verdicts.judge("reach", () => pingFromHost(this.#testbed, container, host));
      const paths = ports?.(placeOf(this.#configuration.choices, this.#testbed.values(container))) ?? [];
      if (paths.length > 0) {
        await this.#verdicts.judge("reach", () => connectToPorts(this.#testbed, container, paths));
      }
    }
    const deleted = await this.#detach(container, "CNI-9a", "DEL");
    await this.#detach(container, "CNI-9a", "a second DEL");
    if (!deleted) return false;
    const lines = await readContainerState(plugin.host, container.name);
    const left = await this.#testbed.left(this.#reference.infrastructure);
    const differences = [
      ...(this.#space.kind === "ipam" ? [] : additions(before, lines).map((line) => `no ${line}`)),
      ...(this.#space.kind === "ipam" ? [] : additions(lines, before)),
      ...left.map((line) => `${line} on the host`),
    ];
    await this.#verdicts.judge("CNI-10d", () => this.#expectNone(differences, "DEL"));
    return true;
  }

  /** A container beside another, the same again where the plugin makes its interface; and what is there after the other's namespace has gone before its DEL. */
  async #together(first: Container, second: Container, isFree: boolean): Promise<void> {
    const { version } = this.#testbed.plugin;
    const { kind, allocates } = this.#space;
    const { choices } = this.#configuration;
    const again = isFree && (await this.#attach(first, kind === "interface" ? "CNI-21" : "CNI-1"));
    if (!isFree && kind === "interface") this.#verdicts.skip("CNI-21", "DEL fails");
    const both = (await this.#attach(second, "CNI-1")) && again;
    if (both && allocates?.(choices)) {
      const taken = first.result?.ips?.map(({ address }) => address) ?? [];
      const twice = second.result?.ips?.find(({ address }) => taken.includes(address));
      await this.#verdicts.judge("CNI-17b", () => {
        if (twice)
          throw this.#broken(
            second,
            "an address that is free",
            `${twice.address}, which another container has`,
          );
      });
    }
    if (both && this.#space.reach?.(choices).between && this.#hasAddresses(first)) {
      await this.#verdicts.judge("reach", () => pingBetween(this.#testbed, first, second));
    }
    await this.#crash(second);
    if (again && kind === "chained" && atLeast(version, "0.4.0") && !this.#space.standsAlone) {
      await this.#verdicts.judge("CNI-10b", async () => {
        const invocation = await this.#testbed.call("DEL", first, { prevResult: null });
        expectSuccess(invocation, "success of DEL without prevResult");
      });
    }
    const left = await this.#testbed.settle(this.#reference.infrastructure);
    const how = kind === "chained" ? "DEL without namespace or prevResult" : "DEL when the namespace is gone";
    if (this.#isEverythingDeleted([first, second])) {
      await this.#verdicts.judge("CNI-10d", () => this.#expectNone(left, how));
    } else this.#verdicts.skip("CNI-10d", "DEL fails");
  }

  /** A container's namespace goes before its DEL. */
  async #crash(container: Container): Promise<void> {
    if (!container.attached) return;
    const { gone } = this.#space;
    const leases = async () =>
      (await this.#testbed.state()).filter((line) => line.startsWith("file ") && line.includes(container.id));
    const held = await leases();
    await this.#testbed.removeNetns(container);
    if (gone) await this.#testbed.shell(gone.line, container);
    const what = gone ? `DEL when the namespace and ${gone.what} are gone` : "DEL when the namespace is gone";
    const deleted = await this.#detach(container, "CNI-9b", what);
    if (!deleted || held.length === 0 || !this.#space.allocates?.(this.#configuration.choices)) return;
    const left = await leases();
    await this.#verdicts.judge("CNI-10c", () => this.#expectNone(left, "DEL when the namespace is gone"));
  }

  /** What a DEL that failed has left is no second fault. */
  #isEverythingDeleted(containers: readonly Container[]): boolean {
    return containers.every(
      ({ id }) =>
        this.#testbed.invocations.findLast(
          ({ command, env }) => command === "DEL" && env.CNI_CONTAINERID === id,
        )?.code === 0,
    );
  }

  async #attach(container: Container, id: "CNI-1" | "CNI-21"): Promise<boolean> {
    const invocation = await this.#testbed.call("ADD", container);
    const what = id === "CNI-21" ? "success of ADD after DEL" : "success of ADD";
    return this.#verdicts.judge(id, () => expectSuccess(invocation, what));
  }

  async #detach(container: Container, id: "CNI-9a" | "CNI-9b", what: string): Promise<boolean> {
    const invocation = await this.#testbed.call("DEL", container);
    return this.#verdicts.judge(id, () => expectSuccess(invocation, `success of ${what}`));
  }

  async #check(container: Container): Promise<void> {
    if (!atLeast(this.#testbed.plugin.version, "0.4.0")) return;
    for (const what of ["success right after ADD", "success of a second CHECK"]) {
      const invocation = await this.#testbed.call("CHECK", container);
      if (!(await this.#verdicts.judge("CNI-11a", () => expectSuccess(invocation, what)))) return;
    }
  }

  async #lookAtResult(container: Container, linksBefore: readonly string[]): Promise<void> {
    const { plugin, name } = this.#testbed;
    const verdicts = this.#verdicts;
    const { kind } = this.#space;
    const invocation = this.#added(container);
    await verdicts.judge("CNI-4a", () => void expectResult(invocation));
    const { result } = container;
    if (!result) return;
    const said = /"cniVersion"\s*:\s*"([^"]*)"/.exec(invocation.stdout)?.[1];
    await verdicts.judge("CNI-4b", () => {
      if (said !== plugin.version)
        throw this.#broken(container, `cniVersion ${plugin.version}`, said ?? "none");
    });
    await verdicts.judge("CNI-5d", () => this.#expectCidrs(container, result));
    if (kind === "ipam") {
      await verdicts.judge("CNI-16a", () => {
        const told =
          (result.interfaces?.length ?? 0) > 0 || result.ips?.some((ip) => ip.interface !== undefined);
        if (told) throw this.#broken(container, "addresses only", "interfaces");
      });
      return;
    }
    if (kind === "interface") {
      const listed = result.interfaces?.filter((one) => one.name === container.ifName && one.sandbox) ?? [];
      await verdicts.judge("CNI-5a", () => {
        if (listed.length !== 1)
          throw this.#broken(
            container,
            `one interface ${container.ifName} with a sandbox`,
            `${listed.length}`,
          );
      });
      await verdicts.judge("CNI-5b", () => {
        const other = listed.find(({ sandbox }) => sandbox !== container.netns);
        if (other) throw this.#broken(container, `the sandbox ${container.netns}`, `${other.sandbox}`);
      });
      await verdicts.judge("CNI-5c", async () => {
        const onHost = result.interfaces?.filter(({ sandbox }) => !sandbox).map((one) => one.name) ?? [];
        const made = additions(await this.#linksOnHost(), linksBefore);
        const unlisted = made.filter((link) => !onHost.includes(link));
        if (unlisted.length > 0)
          throw this.#broken(
            container,
            `${unlisted.length} interfaces that ADD made on the host`,
            "not listed",
          );
        this.#expectAlike(container, await unlikeOnHost(plugin.host, name, result));
      });
    } else if (!this.#space.standsAlone) {
      await verdicts.judge("CNI-6a", () => {
        const lost = lostFrom(container.prevResult, result);
        if (lost.length > 0)
          throw this.#broken(container, `prevResult's ${lost.join(", ")}`, "a result without it");
      });
    }
    await verdicts.judge("CNI-5e", async () =>
      this.#expectAlike(container, await unlikeInside(plugin.host, container, result)),
    );
  }

  #expectCidrs(container: Container, { ips = [], interfaces = [] }: AddResult): void {
    for (const { address, interface: index } of ips) {
      if (!isCidr(address)) throw this.#broken(container, "an address in CIDR notation", address);
      if (index !== undefined && this.#space.kind !== "ipam" && !interfaces[index])
        throw this.#broken(container, `an index below ${interfaces.length} for ${address}`, String(index));
    }
  }

  /** What each value has to do, in the container and in the result. */
  async #effects(container: Container): Promise<void> {
    const { choices } = this.#configuration;
    const place = placeOf(choices, this.#testbed.values(container));
    for (const { what, line, shows, told } of valuesOf(this.#space, choices).flatMap(
      ({ effects = [] }) => effects,
    )) {
      await this.#verdicts.judge("option", async () => {
        if (told && container.result && !told(container.result, place))
          throw this.#broken(container, what, describeResult(container.result));
        if (line === undefined || shows === undefined) return;
        const { stdout } = await this.#testbed.exec(line, container);
        if (!shows.test(stdout)) throw this.#broken(container, what, stdout.trim() || "nothing");
      });
    }
  }

  #expectAlike(container: Container, [unlike]: readonly Unlike[]): void {
    if (unlike) throw this.#broken(container, unlike.expected, unlike.got);
  }

  #expectNone(left: readonly string[], what: string): void {
    const invocation = this.#testbed.invocations.findLast(({ command }) => command === "DEL");
    if (left.length > 0 && invocation) {
      throw new PluginFailure(invocation, `nothing to be left after ${what}`, left.join("; "));
    }
  }

  #broken(container: Container, expected: string, got: string): PluginFailure {
    return new PluginFailure(this.#added(container), expected, got.replaceAll(/\s+/g, " "));
  }

  #added({ id }: Container): Invocation {
    return this.#testbed.invocations.findLast(
      ({ command, env }) => command === "ADD" && env.CNI_CONTAINERID === id,
    ) as Invocation;
  }

  #hasAddresses({ result, prevResult }: Container): boolean {
    return (result?.ips?.length ?? 0) > 0 || (prevResult?.ips?.length ?? 0) > 0;
  }

  async #linksOnHost(): Promise<string[]> {
    return (await this.#testbed.state())
      .filter((line) => line.startsWith("link "))
      .map((line) => line.slice("link ".length));
  }
}

/** The parts of a result that an option may decide. */
function describeResult({ ips = [], routes, dns, interfaces = [] }: AddResult): string {
  return JSON.stringify({
    ips: ips.map(({ address, gateway }) => (gateway === undefined ? address : `${address} gw ${gateway}`)),
    routes: routes ?? [],
    dns: dns ?? {},
    macs: interfaces.map(({ name, mac }) => `${name} ${mac ?? "none"}`),
  });
}
