import { isDeepStrictEqual } from "node:util";
import { type Invocation, invokePlugin, reproduceInvocation } from "#harness/cni/invocation.ts";
import {
  type CniCommand,
  deriveEnvironment,
  deriveRequest,
  type ValidAttachment,
} from "#harness/cni/request.ts";
import { type AddResult, addResultSchema, parseJson } from "#harness/cni/result.ts";
import { atLeast, type SpecVersion } from "#harness/cni/version.ts";
import { DeadlineExceeded } from "#harness/errors.ts";
import type { Host } from "#harness/host/host.ts";
import { until } from "#harness/poll.ts";
import type { Scope } from "#harness/scope.ts";
import { capabilityArgs, gateway, type Profile } from "./profiles.ts";
import { additions, readState } from "./state.ts";

/** The plugin under test and how it is used. */
export interface Subject {
  readonly host: Host;
  /** File name, the `type` of a configuration. */
  readonly type: string;
  readonly path: string;
  readonly cniPath: readonly string[];
  readonly version: SpecVersion;
  /** All versions that the plugin claims. */
  readonly claims: readonly string[];
  readonly profile: Profile;
}

/** A container's network namespace, and what the tier did with the plugin for it. */
export interface Container {
  readonly id: string;
  readonly index: number;
  /** Name below `/run/netns`. */
  readonly name: string;
  /** `CNI_NETNS`. */
  readonly netns: string;
  readonly ifName: string;
  /** What a plugin before the one under test would have answered; only where that one is chained. */
  readonly prevResult: AddResult | undefined;
  /** ADD was called and no DEL succeeded since. */
  attached: boolean;
  /** How the last ADD differed from the ordinary one; the DEL that tidies up must not differ from it. */
  changes: Pick<CallChanges, "config" | "path">;
  result: AddResult | undefined;
}

/** How one call differs from the ordinary one. */
export interface CallChanges {
  /** Replaces or, when `undefined`, removes a variable of the environment. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Merged over the plugin's configuration. */
  config?: Readonly<Record<string, unknown>>;
  /** `null` leaves it out. */
  prevResult?: AddResult | null;
  /** Exact stdin, instead of everything above. */
  stdin?: string;
  valid?: readonly ValidAttachment[];
  /** Folders searched before the plugin's own. */
  path?: readonly string[];
  version?: string;
}

let counter = 0;
const prefix = `nccni-${process.pid}-`;

/** Network name in every configuration of the tier. */
export const networkName = "nc-net";

/**
 * A networking domain of its own: a network namespace that plays the host, container namespaces, and a scratch folder.
 * Nothing outside of it is touched, so that tests can run side by side and everything left over is the plugin's.
 */
export class Domain {
  readonly subject: Subject;
  /** Namespace that plays the host. */
  readonly name: string;
  readonly folder: string;
  readonly dataDir: string;
  readonly containers: Container[] = [];
  readonly invocations: Invocation[] = [];
  #before: readonly string[] = [];
  readonly #steps: string[] = [];
  /** Set when calls take turns. */
  #turn: Promise<unknown> | undefined;

  private constructor(subject: Subject) {
    counter += 1;
    this.subject = subject;
    this.name = `${prefix}${counter}`;
    this.folder = `/tmp/${this.name}`;
    this.dataDir = `${this.folder}/data`;
  }

  static async open(subject: Subject, scope: Scope): Promise<Domain> {
    const domain = new Domain(subject);
    scope.defer(`namespaces of ${domain.name}`, () => domain.#remove());
    const lines = [
      `mkdir -p ${domain.dataDir}`,
      `ip netns add ${domain.name}`,
      `ip -n ${domain.name} link set lo up`,
    ];
    await domain.shell(lines.join(" && "));
    if (subject.profile.prepareDomain) await domain.shell(subject.profile.prepareDomain, undefined, true);
    domain.#before = await emptyState(domain);
    return domain;
  }

  /** Runs a shell line with `$HOST`, `$NETNS`, `$IF`, `$INDEX`; `inside` runs it in the host's namespace. */
  async shell(line: string, container?: Container, inside = false): Promise<string> {
    const values: Record<string, string> = {
      HOST: this.name,
      ...(container && { NETNS: container.name, IF: container.ifName, INDEX: String(container.index) }),
    };
    const script = line.replace(/\$(HOST|NETNS|IF|INDEX)\b/g, (all, name: string) => values[name] ?? all);
    const argv = [...(inside ? ["ip", "netns", "exec", this.name] : []), "sh", "-ec", script];
    this.#steps.push(
      inside ? `ip netns exec ${this.name} sh -ec '${script.replaceAll("'", `'\\''`)}'` : script,
    );
    return this.subject.host.run(argv);
  }

  /** A container as a runtime hands it to the plugin under test. */
  async container(): Promise<Container> {
    const [container] = await this.manyContainers(1);
    return container as Container;
  }

  /** Several at once; cheaper than one by one. */
  async manyContainers(count: number): Promise<Container[]> {
    const { profile, version } = this.subject;
    const made: Container[] = [];
    const lines: string[] = [];
    for (let added = 0; added < count; added += 1) {
      const index = this.containers.length;
      const name = `${this.name}-${index}`;
      const netns = `/run/netns/${name}`;
      const ifName = profile.ifName ?? "nc0";
      const bare = profile.kind === "chained" && !profile.standsAlone;
      const container: Container = {
        id: `${name}-container`,
        index,
        name,
        netns,
        ifName,
        prevResult: bare ? earlierResult(version, index, netns, ifName) : undefined,
        attached: false,
        changes: {},
        result: undefined,
      };
      this.containers.push(container);
      made.push(container);
      lines.push(`ip netns add ${name}`);
      if (bare) lines.push(...earlierPlugin(this.name, name, index, ifName));
      if (profile.prepareContainer) {
        lines.push(
          `ip netns exec ${this.name} sh -ec '${profile.prepareContainer.replaceAll("$INDEX", String(index))}'`,
        );
      }
    }
    await this.shell(lines.join("\n"));
    return made;
  }

  /**
   * From now on one call after the other. What several tests do in one domain must not turn into a test of how the
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
    const work = () => this.#call(command, container, changes);
    if (!this.#turn) return work();
    const called = this.#turn.then(work);
    this.#turn = called.catch(() => {});
    return called;
  }

  async #call(
    command: CniCommand | undefined,
    container?: Container,
    changes: CallChanges = {},
  ): Promise<Invocation> {
    const { host, type, path, cniPath, version, profile } = this.subject;
    const attachment = container && {
      containerId: container.id,
      netns: container.netns,
      ifName: container.ifName,
    };
    const env: Record<string, string | undefined> = {
      ...deriveEnvironment(command ?? "ADD", [...(changes.path ?? []), ...cniPath], attachment),
      ...(command ? {} : { CNI_COMMAND: undefined }),
      ...changes.env,
    };
    const invocation = await invokePlugin(host, {
      plugin: type,
      path,
      prefix: ["ip", "netns", "exec", this.name],
      env: Object.fromEntries(
        Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
      stdin: changes.stdin ?? JSON.stringify(this.request(command, container, changes)),
    });
    this.invocations.push(invocation);
    this.#steps.push(reproduceInvocation(invocation));
    if (container && command === "ADD") {
      container.attached = true;
      const { config, path: folders } = changes;
      container.changes = { ...(config && { config }), ...(folders && { path: folders }) };
      if (invocation.code === 0) container.result = readResult(invocation, profile, version);
    }
    if (container && command === "DEL" && invocation.code === 0) container.attached = false;
    return invocation;
  }

  /** The configuration that the plugin gets in an ordinary call. */
  request(
    command: CniCommand | undefined,
    container?: Container,
    changes: CallChanges = {},
  ): Record<string, unknown> {
    const { type, version, profile } = this.subject;
    const index = container?.index ?? 0;
    const plugin = { ...profile.config({ dataDir: this.dataDir, index }), ...changes.config, type };
    const attached = command === "ADD" || command === "DEL" || command === "CHECK";
    const previous =
      changes.prevResult === undefined ? this.#previous(command, container) : changes.prevResult;
    return {
      ...deriveRequest({
        network: { name: networkName },
        plugin,
        version,
        capabilityArgs: attached ? capabilityArgs(index) : undefined,
        ...(previous && attached && { prevResult: previous }),
        ...(command === "GC" && { validAttachments: changes.valid ?? [] }),
      }),
      ...(changes.version !== undefined && { cniVersion: changes.version }),
    };
  }

  #previous(command: CniCommand | undefined, container: Container | undefined): AddResult | undefined {
    if (command === "ADD") return container?.prevResult;
    return atLeast(this.subject.version, "0.4.0") ? container?.result : undefined;
  }

  /** Everything in the domain that was not there at first. */
  async state(): Promise<string[]> {
    const now = await readState(this.subject.host, this.name, this.dataDir);
    return additions(now, this.#before);
  }

  async removeNetns(container: Container): Promise<void> {
    await this.shell(`ip netns del ${container.name}`);
  }

  /**
   * DEL of everything that is still attached, then the containers' namespaces go, as a runtime would do it.
   * Resolves to what is left beyond `infrastructure`; without one, to what is left once nothing changes any more.
   */
  async settle(infrastructure?: readonly string[]): Promise<string[]> {
    if (this.invocations.length === 0) return [];
    const attached = this.containers.filter((container) => container.attached);
    await Promise.all(attached.map((container) => this.call("DEL", container, container.changes)));
    const names = this.containers.map(
      ({ name }) => `ip netns del ${name} 2>/dev/null || rm -f /run/netns/${name}`,
    );
    await this.subject.host.run(["sh", "-c", [...names, "true"].join("\n")]);
    let left: string[] | undefined;
    try {
      // The kernel takes a namespace's interfaces down after the namespace is gone.
      await until({ what: "the namespaces' interfaces to go", deadlineMs: 2_000 }, async () => {
        const before = left;
        left = additions(await this.state(), infrastructure ?? []);
        const waiting = left.some((line) => /^(link|address|route|shaper) /.test(line));
        return !waiting || (infrastructure === undefined && isDeepStrictEqual(left, before));
      });
    } catch (error) {
      if (!(error instanceof DeadlineExceeded)) throw error;
    }
    return left ?? [];
  }

  /** Shell lines that repeat what was done here; in a shared domain, what concerns the container of one call. */
  steps(invocation?: Invocation): string[] {
    const own = this.containers.find(({ netns }) => netns === invocation?.env.CNI_NETNS);
    const others = this.containers.filter((container) => own !== undefined && container !== own);
    return this.#steps.filter((step) => !others.some(({ name }) => mentions(step, name)));
  }

  async #remove(): Promise<void> {
    const names = [this.name, ...this.containers.map(({ name }) => name)];
    // A plugin may have put a plain file where a namespace was, which is no namespace to delete.
    const lines = names.map((name) => `ip netns del ${name} 2>/dev/null || rm -f /run/netns/${name}`);
    await this.subject.host.run(["sh", "-c", [...lines, `rm -rf ${this.folder}`].join("\n")]);
  }
}

let empty: Promise<string[]> | undefined;

/** What a namespace has from the start is the same in all of them: it is read once. */
function emptyState({ subject, name, dataDir }: Domain): Promise<string[]> {
  empty ??= readState(subject.host, name, dataDir);
  return empty;
}

function mentions(step: string, name: string): boolean {
  return new RegExp(`${name}(?![0-9])`).test(step);
}

/** Removes what runs that were killed have left, known by the number of their process. */
export async function sweepDomains(host: Host): Promise<void> {
  const script = `
    { ip netns list | awk '{ print $1 }'; ls /tmp; } | sed -n 's/^\\(nccni-\\([0-9]*\\)-[0-9-]*\\)$/\\2 \\1/p' |
    while read -r pid name; do
      [ -d "/proc/$pid" ] && continue
      ip netns del "$name" 2>/dev/null || rm -f "/run/netns/$name"
      rm -rf "/tmp/$name"
    done; true`;
  await host.run(["sh", "-c", script]);
}

/** What an interface plugin before a chained one has done. */
function earlierPlugin(host: string, netns: string, index: number, ifName: string): string[] {
  return [
    `ip -n ${host} link add ncx${index} type veth peer name ${ifName} netns ${netns}`,
    `ip -n ${host} link set ncx${index} address ${mac(0xa, index)} up`,
    `ip -n ${netns} link set ${ifName} address ${mac(0xb, index)} up`,
    `ip -n ${netns} address add ${address(index)} dev ${ifName}`,
    `ip -n ${netns} route add default via ${gateway} dev ${ifName}`,
  ];
}

function earlierResult(version: SpecVersion, index: number, netns: string, ifName: string): AddResult {
  return {
    cniVersion: version,
    interfaces: [
      { name: `ncx${index}`, mac: mac(0xa, index) },
      { name: ifName, mac: mac(0xb, index), sandbox: netns },
    ],
    ips: [{ ...ipVersion(version), address: address(index), gateway, interface: 1 }],
    routes: [{ dst: "0.0.0.0/0" }],
    dns: { nameservers: ["10.88.0.53"], search: ["netconform.test"] },
  };
}

/** Before 1.0.0 an address in a result says which IP version it is. */
export function ipVersion(version: SpecVersion): { version?: string } {
  return atLeast(version, "1.0.0") ? {} : { version: "4" };
}

const address = (index: number) => `10.88.0.${2 + index}/24`;
const mac = (side: number, index: number) =>
  `02:00:00:00:0${side.toString(16)}:${index.toString(16).padStart(2, "0")}`;

/** What the next call is given as result. Lenient on purpose: that the result is right is a test of its own. */
function readResult(
  { stdout, stderr }: Invocation,
  _profile: Profile,
  version: SpecVersion,
): AddResult | undefined {
  for (const text of [stdout, stderr]) {
    const json = parseJson(text);
    const parsed = json.ok ? addResultSchema.safeParse(json.value) : undefined;
    if (parsed?.success) return { ...parsed.data, cniVersion: version };
  }
  return undefined;
}
