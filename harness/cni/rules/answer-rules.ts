import { describeEnd, type Invocation, reportedError, shorten } from "#harness/cni/protocol/invocation.ts";
import { type AddResult, readAddResult, readVersionResult } from "#harness/cni/protocol/result.ts";
import { isAddress, isCidr } from "#harness/core/ip.ts";
import { parseJson } from "#harness/core/text/json.ts";
import type { PluginKind } from "#suites/requirements/applicability/applies-to.ts";
import type { CniRequirementId } from "#suites/requirements/rules/cni.ts";
import type { SpecVersion } from "#suites/requirements/spec-version.ts";

/** What of an answer breaks a rule. */
export interface Flaw {
  readonly expected: string;
  readonly got: string;
}

/** The same with the rule. */
export interface RuleFlaw extends Flaw {
  readonly requirement: CniRequirementId;
}

/** What an ADD was called for, as far as its answer must fit it. */
export interface Asked {
  readonly version: SpecVersion;
  readonly kind: PluginKind;
  readonly ifName: string;
  readonly netns: string;
}

/** What is wrong with the answer to an ADD that can be done, by itself. Pure; what is on the host is not looked at. */
export function checkAdd(invocation: Invocation, { version, kind, ifName, netns }: Asked): RuleFlaw[] {
  if (invocation.timedOut || invocation.code !== 0) return [notDone(invocation), ...checkError(invocation)];
  const read = readAddResult(invocation.stdout);
  if (!read.ok) return [{ requirement: "CNI-4a", expected: "a result in JSON on stdout", got: read.reason }];
  const { value: result } = read;
  const said = versionSaid(invocation);
  const address = addressFlaw(result, kind);
  return [
    ...(said === version
      ? []
      : [{ requirement: "CNI-4b" as const, expected: `cniVersion ${version}`, got: said ?? "none" }]),
    ...ofRule("CNI-5d", address),
    ...(kind === "ipam"
      ? ofRule("CNI-16a", interfaceFlaw(result))
      : [
          ...ofRule("CNI-5a", listingFlaw(result, ifName)),
          ...ofRule("CNI-5b", sandboxFlaw(result, ifName, netns)),
        ]),
  ];
}

/** What is wrong with the answer to a call that cannot be done. Pure. */
export function checkRefusal(invocation: Invocation): RuleFlaw[] {
  if (invocation.timedOut || invocation.code === null) return [notDone(invocation)];
  if (invocation.code === 0) return [{ requirement: "CNI-1", expected: "a non-zero exit", got: "exit 0" }];
  return checkError(invocation);
}

/** What is wrong with the answer to VERSION, asked in that version. Pure. */
export function checkVersion(invocation: Invocation, version: SpecVersion): RuleFlaw[] {
  if (invocation.timedOut || invocation.code !== 0) return [notDone(invocation)];
  const read = readVersionResult(invocation.stdout);
  if (!read.ok) {
    return [{ requirement: "CNI-12a", expected: "cniVersion and supportedVersions", got: read.reason }];
  }
  const { cniVersion, supportedVersions } = read.value;
  return [
    ...(supportedVersions.includes(version)
      ? []
      : [
          {
            requirement: "CNI-12a" as const,
            expected: `${version} among the supported`,
            got: supportedVersions.join(", "),
          },
        ]),
    ...(cniVersion === version
      ? []
      : [{ requirement: "CNI-12b" as const, expected: `cniVersion ${version}`, got: cniVersion }]),
  ];
}

function notDone(invocation: Invocation): RuleFlaw {
  return {
    requirement: "CNI-1",
    expected: "the call to be done, or an exit code",
    got: describeEnd(invocation),
  };
}

/** CNI-2a: a failure is an error object on stdout, with a message. */
function checkError(invocation: Invocation): RuleFlaw[] {
  const reported = reportedError(invocation);
  const got = "reason" in reported ? reported.reason : "an empty msg";
  if ("error" in reported && reported.error.msg.trim() !== "") return [];
  return [{ requirement: "CNI-2a", expected: "a JSON error object with a message on stdout", got }];
}

/** The cniVersion of the JSON object on stdout, or else of the one on stderr: that it is on stdout is a rule of its own. */
export function versionSaid({ stdout, stderr }: Pick<Invocation, "stdout" | "stderr">): string | undefined {
  for (const text of [stdout, stderr]) {
    const json = parseJson(text);
    if (!json.ok || typeof json.value !== "object" || json.value === null) continue;
    const said = (json.value as Readonly<Record<string, unknown>>).cniVersion;
    if (typeof said === "string") return said;
  }
  return undefined;
}

/** CNI-5a: the container's interface is listed once, with a sandbox. */
export function listingFlaw(result: AddResult, ifName: string): Flaw | undefined {
  const listed = result.interfaces?.filter(({ name, sandbox }) => name === ifName && sandbox) ?? [];
  if (listed.length === 1) return undefined;
  return { expected: `one interface ${ifName} with a sandbox`, got: describeInterfaces(result) };
}

/** CNI-5b: the sandbox is the one that was handed over. */
export function sandboxFlaw(result: AddResult, ifName: string, netns: string): Flaw | undefined {
  const listed = result.interfaces?.find(({ name, sandbox }) => name === ifName && sandbox);
  if (!listed || listed.sandbox === netns) return undefined;
  return { expected: `the sandbox ${netns}`, got: `${listed.sandbox}` };
}

/** CNI-5d: addresses are CIDRs, gateways addresses, and an index points at an interface; an empty gateway is none. */
export function addressFlaw(result: AddResult, kind: PluginKind): Flaw | undefined {
  const count = result.interfaces?.length ?? 0;
  for (const { address, gateway, interface: index } of result.ips ?? []) {
    if (!isCidr(address)) return { expected: "an address in CIDR notation", got: shown(address) };
    if (gateway && !isAddress(gateway)) {
      return { expected: `an address as the gateway of ${shorten(address, 80)}`, got: shown(gateway) };
    }
    if (index === undefined || kind === "ipam" || (index >= 0 && index < count)) continue;
    return { expected: `an index below ${count} for ${address}`, got: String(index) };
  }
  for (const { dst, gw } of result.routes ?? []) {
    if (!isCidr(dst)) return { expected: "a route to a CIDR", got: shown(dst) };
    if (gw && !isAddress(gw)) return { expected: `an address as the gateway to ${dst}`, got: shown(gw) };
  }
  return undefined;
}

/** CNI-16a: an address manager answers addresses only. */
export function interfaceFlaw(result: AddResult): Flaw | undefined {
  if (result.interfaces && result.interfaces.length > 0) {
    return { expected: "no interfaces", got: describeInterfaces(result) };
  }
  const indexed = result.ips?.find((ip) => ip.interface !== undefined);
  return indexed && { expected: "no ips[].interface", got: shown(indexed) };
}

/** The interfaces of a result, for people. */
export function describeInterfaces({ interfaces = [] }: AddResult): string {
  if (interfaces.length === 0) return "no interfaces";
  return shorten(
    interfaces
      .map(({ name, sandbox }) => (sandbox ? `${name} in ${sandbox}` : `${name} on the host`))
      .join(", "),
  );
}

function shown(value: unknown): string {
  return shorten(JSON.stringify(value), 200);
}

function ofRule(requirement: CniRequirementId, flaw: Flaw | undefined): RuleFlaw[] {
  return flaw ? [{ requirement, ...flaw }] : [];
}
