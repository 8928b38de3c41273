import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import type { ValidAttachment } from "#harness/cni/protocol/request.ts";
import { type AddResult, readAddResult } from "#harness/cni/protocol/result.ts";
import { atLeast } from "#harness/cni/protocol/version.ts";
import type { Host } from "#harness/host/host.ts";
import type { SpecVersion } from "#suites/requirements/spec-version.ts";
import { gateway, gateway6, type PluginProfile } from "./profiles.ts";

/** The plugin under test and how it is used. */
export interface PluginUnderTest {
  readonly host: Host;
  /** File name, the `type` of a configuration. */
  readonly type: string;
  readonly path: string;
  readonly cniPath: readonly string[];
  readonly version: SpecVersion;
  /** All versions that the plugin claims. */
  readonly claims: readonly string[];
  readonly profile: PluginProfile;
}

/** A container's network namespace, and what the suite did with the plugin for it. */
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
  /** ADD was called, whatever came of it, and no DEL succeeded since. */
  attached: boolean;
  /** How the last ADD differed from the ordinary one; the DEL that tidies up must not differ from it, nor name another attachment. */
  changes: Pick<CallChanges, "config" | "path" | "env">;
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

/** What an interface plugin before a chained one has done: IP versions of the addresses that it has given. */
export function earlierPlugin(
  host: string,
  netns: string,
  index: number,
  ifName: string,
  families: readonly (4 | 6)[] = [4],
): string[] {
  return [
    `ip -n ${host} link add ncx${index} type veth peer name ${ifName} netns ${netns}`,
    `ip -n ${host} link set ncx${index} address ${mac(0xa, index)} up`,
    `ip -n ${netns} link set ${ifName} address ${mac(0xb, index)} up`,
    ...families.flatMap((family) => [
      `ip -n ${netns} address add ${address(index, family)} dev ${ifName}${family === 6 ? " nodad" : ""}`,
      `ip -n ${netns} -${family} route append default via ${gateways[family]} dev ${ifName}`,
    ]),
  ];
}

export function earlierResult(
  version: SpecVersion,
  index: number,
  netns: string,
  ifName: string,
  families: readonly (4 | 6)[] = [4],
): AddResult {
  return {
    cniVersion: version,
    interfaces: [
      { name: `ncx${index}`, mac: mac(0xa, index) },
      { name: ifName, mac: mac(0xb, index), sandbox: netns },
    ],
    ips: families.map((family) => ({
      ...ipVersion(version, family),
      address: address(index, family),
      gateway: gateways[family],
      interface: 1,
    })),
    routes: families.map((family) => ({ dst: family === 4 ? "0.0.0.0/0" : "::/0" })),
    dns: { nameservers: ["10.88.0.53"], search: ["netconform.test"] },
  };
}

/** Before 1.0.0 an address in a result says which IP version it is. */
export function ipVersion(version: SpecVersion, family: 4 | 6 = 4): { version?: string } {
  return atLeast(version, "1.0.0") ? {} : { version: String(family) };
}

const gateways = { 4: gateway, 6: gateway6 };
const address = (index: number, family: 4 | 6) =>
  family === 4 ? `10.88.0.${2 + index}/24` : `fd00:88::${(2 + index).toString(16)}/64`;
const mac = (side: number, index: number) =>
  `02:00:00:00:0${side.toString(16)}:${index.toString(16).padStart(2, "0")}`;

/** What the next call is given as result. Lenient on purpose: that the result is right is a test of its own. */
export function readResult({ stdout, stderr }: Invocation, version: SpecVersion): AddResult | undefined {
  for (const text of [stdout, stderr]) {
    const read = readAddResult(text);
    if (read.ok) return { ...read.value, cniVersion: version };
  }
  return undefined;
}
