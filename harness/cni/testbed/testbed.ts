import { type Invocation, invokePlugin, reproduceInvocation } from "#harness/cni/protocol/invocation.ts";
import type { CniCommand } from "#harness/cni/protocol/request.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked } from "#harness/core/errors.ts";
import type { ExecResult } from "#harness/host/host.ts";
import type { ProgramNamespaces } from "#harness/host/runner/runner.ts";
import { formatCommand, quote } from "#harness/host/shell.ts";
import { changesOfDetaching, detach } from "./calls/detach.ts";
import { environmentFor, requestFor } from "./calls/requests.ts";
import {
  type CallChanges,
  type Container,
  earlierPlugin,
  earlierResult,
  type PluginUnderTest,
  readResult,
} from "./container.ts";
import {
  linesToMake,
  linesToRemove,
  namespacesOf,
  type Place,
  placeCalled,
  placePrefix,
  startingDaemons,
  tellingHolder,
} from "./place/place.ts";
import { tellingLine } from "./place/profile-line.ts";
import type { ProfileValues } from "./profiles.ts";
import { additions, readEmptyState, readState, whatStays } from "./state.ts";

/** Fact that tells what the first attachment of a testbed leaves permanently, e.g. a bridge: lines of `readState`. */
export const leftByFirst = "left by the first attachment";

let counter = 0;

/**
 * A networking testbed of its own: a network namespace that plays the host, container namespaces, and a scratch folder.
 * Nothing outside of it is touched, so that tests can run side by side and everything left over is the plugin's.
 */
export class Testbed {
  readonly plugin: PluginUnderTest;
  readonly #where: Place;
  #namespaces: ProgramNamespaces | undefined;
  readonly dataDir: string;
  readonly containers: Container[] = [];
  readonly invocations: Invocation[] = [];
  #before: readonly string[] = [];
  /** What lines of the suite have made. */
  #own: readonly string[] = [];
  readonly #steps: string[] = [];
  readonly #prepared = new Set<string>();
  /** Set when calls take turns. */
  #turn: Promise<unknown> | undefined;

  private constructor(plugin: PluginUnderTest) {
    counter += 1;
    this.plugin = plugin;
    this.#where = placeCalled(`${placePrefix}${counter}`, plugin.profile.namespace ?? "place");
    this.dataDir = `${this.folder}/data`;
  }

  /** Namespace that plays the host. */
  get name(): string {
    return this.#where.name;
  }

  get folder(): string {
    return this.#where.folder;
  }

  static async open(plugin: PluginUnderTest, scope: Scope): Promise<Testbed> {
    const testbed = new Testbed(plugin);
    scope.defer(`namespaces of ${testbed.name}`, () => testbed.#remove());
    const { prepareHost, namespace = "place" } = plugin.profile;
    const line = linesToMake(testbed.#where, namespace).join(" && ");
    testbed.#steps.push(line);
    const holder = await plugin.host.run(["sh", "-ec", `${line} && ${tellingHolder}`]);
    testbed.#namespaces = namespacesOf(testbed.#where, holder.trim());
    await tellingLine(plugin, "prepareHost", () => testbed.prepare(prepareHost));
    // What a place has from the start is the same in all of them, but for what a profile has prepared.
    if (prepareHost || namespace === "machine") await testbed.forget();
    else testbed.#before = await readEmptyState(plugin.host, testbed.name, testbed.dataDir);
    return testbed;
  }

  /** Runs a shell line with `$HOST`, `$NETNS`, `$IF`, `$INDEX`; `inside` runs it in the place. */
  async shell(line: string, container?: Container, inside = false): Promise<string> {
    const script = this.#filled(line, container);
    const argv = inside ? this.#inside(script) : ["sh", "-ec", script];
    this.#steps.push(inside ? formatCommand(argv) : script);
    return this.plugin.host.run(argv);
  }

  /** A shell line that runs such a line in the place, for people. */
  lineInside(line: string): string {
    return formatCommand(this.#inside(this.#filled(line)));
  }

  /** argv of a shell script that runs in the place, in the folder in which the run was started. */
  #inside(script: string): string[] {
    return [...this.#where.enter, "sh", "-ec", `cd ${quote(process.cwd())}\n${script}`];
  }

  #filled(line: string, container?: Container): string {
    const values: Record<string, string> = {
      HOST: this.name,
      ...(container && { NETNS: container.name, IF: container.ifName, INDEX: String(container.index) }),
    };
    return line.replace(
      /\$(?:(HOST|NETNS|IF|INDEX)\b|\{(HOST|NETNS|IF|INDEX)\})/g,
      (all, plain: string | undefined, braced: string | undefined) => values[plain ?? braced ?? ""] ?? all,
    );
  }

  /** As `shell` in the place, where the end of the line is a value. */
  async exec(line: string, container?: Container): Promise<ExecResult> {
    const argv = this.#inside(this.#filled(line, container));
    this.#steps.push(formatCommand(argv));
    return this.plugin.host.exec(argv);
  }

  /** What comes into the state while the suite does this, or lines of a profile do, is nothing that the plugin leaves. */
  async owning<T>(work: () => Promise<T>): Promise<T> {
    const before = await this.state();
    const done = await work();
    this.#own = [...this.#own, ...additions(await this.state(), before)];
    return done;
  }

  /** Runs a shell line inside of the host's namespace, once in this testbed. */
  async prepare(line: string | undefined): Promise<void> {
    if (line === undefined || this.#prepared.has(line)) return;
    if (this.plugin.profile.namespace === "machine") {
      throw new Blocked("what the test prepares on the host would stay on this machine");
    }
    this.#prepared.add(line);
    await this.shell(startingDaemons(line, `${this.folder}/prepare.log`), undefined, true);
  }

  /** A container as a runtime hands it to the plugin under test. */
  async container(): Promise<Container> {
    const [container] = await this.manyContainers(1);
    return container as Container;
  }

  /** Several at once; cheaper than one by one. */
  async manyContainers(count: number): Promise<Container[]> {
    const { kind, standsAlone } = this.plugin.profile;
    const lines: string[] = [];
    const made = Array.from({ length: count }, () => {
      const container = this.#place({ isBare: kind === "chained" && !standsAlone });
      lines.push(`ip netns add ${container.name}`, ...this.#preparation(container));
      return container;
    });
    await this.#make(lines);
    return made;
  }

  /** The same container once more, to be attached under another interface name. */
  async again({ id, name }: Container): Promise<Container> {
    const { kind, standsAlone } = this.plugin.profile;
    const ifName = `nc${this.containers.filter((one) => one.name === name).length}`;
    const container = this.#place({ isBare: kind === "chained" && !standsAlone, id, name, ifName });
    await this.#make(this.#preparation(container));
    return container;
  }

  /** A container's namespace in which nothing was done yet: for a list, whose first plugin makes the interface. */
  async emptyContainer(): Promise<Container> {
    const container = this.#place({ isBare: false });
    await this.shell(`ip netns add ${container.name}`);
    return container;
  }

  #place(place: { isBare: boolean; id?: string; name?: string; ifName?: string }): Container {
    const index = this.containers.length;
    const { name = `${this.name}-${index}`, ifName = this.plugin.profile.ifName ?? "nc0" } = place;
    const netns = `/run/netns/${name}`;
    const { version } = this.plugin;
    const container: Container = {
      ...{ id: place.id ?? `${name}-container`, index, name, netns, ifName },
      prevResult: place.isBare
        ? earlierResult(version, index, netns, ifName, this.plugin.profile.families)
        : undefined,
      attached: false,
      changes: {},
      result: undefined,
    };
    this.containers.push(container);
    return container;
  }

  /** Runs lines that make containers. A plugin may dictate the names of the devices that its profile has to make for them. */
  async #make(lines: readonly string[]): Promise<void> {
    const work = () => this.shell(lines.join("\n"));
    if (this.plugin.profile.prepareContainer === undefined) await work();
    else await tellingLine(this.plugin, "prepareContainer", () => this.#inTurn(() => this.owning(work)));
  }

  /** Lines that make what the plugin under test needs before it is called for a container. */
  #preparation(container: Container): string[] {
    const { index, name, ifName, prevResult } = container;
    const { prepareContainer, families } = this.plugin.profile;
    return [
      ...(prevResult ? earlierPlugin(this.name, name, index, ifName, families) : []),
      ...(prepareContainer ? [formatCommand(this.#inside(this.#filled(prepareContainer, container)))] : []),
    ];
  }

  /**
   * From now on one call after the other. What several tests do in one testbed must not turn into a test of how the
   * plugin bears concurrency, which is a rule of its own.
   */
  takeTurns(): void {
    this.#turn = Promise.resolve();
  }

  /** Calls the plugin under test; whatever it does is a value. */
  async call(
    command: CniCommand | undefined,
    container?: Container,
    changes: CallChanges = {},
  ): Promise<Invocation> {
    return this.#inTurn(() => this.#call(command, container, changes));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#turn) return work();
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #call(
    command: CniCommand | undefined,
    container?: Container,
    changes: CallChanges = {},
  ): Promise<Invocation> {
    const stdin = changes.stdin ?? JSON.stringify(this.request(command, container, changes));
    if (container && command === "ADD") {
      // Nobody knows how far an ADD got that the host failed in.
      container.attached = true;
      container.changes = changesOfDetaching(changes);
    }
    const invocation = await this.invoke(this.plugin, command, stdin, container, changes);
    if (!container || invocation.code !== 0) return invocation;
    if (command === "ADD") container.result = readResult(invocation, this.plugin.version);
    if (command === "DEL") container.attached = false;
    return invocation;
  }

  /** Calls a plugin, the one under test or another, as it is called in the namespace that plays the host. */
  async invoke(
    { type, path }: Pick<PluginUnderTest, "type" | "path">,
    command: CniCommand | undefined,
    stdin: string,
    container?: Container,
    changes: Pick<CallChanges, "env" | "path"> = {},
  ): Promise<Invocation> {
    const env = environmentFor(this.plugin, command, this.values(container), container, changes);
    const invocation = await invokePlugin(this.plugin.host, {
      plugin: type,
      path,
      prefix: this.#where.enter,
      namespaces: this.#namespaces,
      env,
      stdin,
    });
    this.invocations.push(invocation);
    this.#steps.push(reproduceInvocation(invocation));
    return invocation;
  }

  /** The configuration that the plugin gets in an ordinary call. */
  request(
    command: CniCommand | undefined,
    container?: Container,
    changes: CallChanges = {},
  ): Record<string, unknown> {
    return requestFor(this.plugin, command, this.values(container), container, changes);
  }

  /** What a configuration is told of this testbed and of a container. */
  values(container?: Container): ProfileValues {
    return { dataDir: this.dataDir, index: container?.index ?? 0, ifName: container?.ifName ?? "nc0" };
  }

  /** From now on what is there counts as there from the start. */
  async forget(): Promise<void> {
    this.#before = await this.#read();
  }

  /** Everything in the testbed that was not there at first. */
  async state(): Promise<string[]> {
    return additions(await this.#read(), [...this.#before, ...this.#own]);
  }

  /** On a machine that has other work, only what is asked of it and what is in the folder can be the plugin's. */
  async #read(): Promise<string[]> {
    const { host, profile } = this.plugin;
    const { state, namespace } = profile;
    const all = await readState(host, this.name, this.dataDir);
    const found = namespace === "machine" ? all.filter((line) => line.startsWith("file ")) : all;
    if (state === undefined) return found;
    const listed = await tellingLine(this.plugin, "state", () => host.run(this.#inside(this.#filled(state))));
    const lines = listed.split("\n").filter((line) => line.trim() !== "");
    return [...found, ...lines.map((line) => `state ${line.trim()}`)].sort();
  }

  async removeNetns(container: Container): Promise<void> {
    await this.shell(`ip netns del ${container.name}`);
  }

  /**
   * DEL of everything that is still attached, then the containers' namespaces go, as a runtime would do it.
   * Resolves to what is left beyond `infrastructure`; without one, to what is left once nothing changes any more.
   */
  async settle(infrastructure?: readonly string[]): Promise<string[]> {
    const attached = this.containers.filter((container) => container.attached);
    if (this.invocations.length === 0 && attached.length === 0) return [];
    await Promise.all(attached.map((container) => detach(this, container)));
    const names = this.containers.map(
      ({ name }) => `ip netns del ${name} 2>/dev/null || rm -f /run/netns/${name}`,
    );
    await this.plugin.host.run(["sh", "-c", [...names, "true"].join("\n")]);
    return this.left(infrastructure);
  }

  /** What is there beyond `infrastructure`, once nothing of it is going any more. */
  async left(infrastructure?: readonly string[]): Promise<string[]> {
    return whatStays(() => this.state(), infrastructure);
  }

  /** Shell lines that repeat what was done here; in a shared testbed, what concerns the container of one call. */
  steps(invocation?: Invocation): string[] {
    const own = this.containers.find(({ netns }) => netns === invocation?.env.CNI_NETNS);
    const others = this.containers.filter(({ name }) => own !== undefined && name !== own.name);
    return this.#steps.filter((step) => !others.some(({ name }) => mentions(step, name)));
  }

  /** Those of them that were done up to a call of this testbed, the call as the last one. */
  stepsUntil(invocation: Invocation): string[] {
    const steps = this.steps(invocation);
    return steps.slice(0, steps.indexOf(reproduceInvocation(invocation)) + 1);
  }

  async #remove(): Promise<void> {
    const names = this.containers.map(({ name }) => name);
    await this.plugin.host.run(["sh", "-c", linesToRemove(this.#where, names).join("\n")]);
  }
}

function mentions(step: string, name: string): boolean {
  return new RegExp(`${name}(?![0-9])`).test(step);
}
