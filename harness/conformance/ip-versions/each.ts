import { isPromised, type Judged } from "#harness/conformance/suite/promised-since.ts";
import type { Capability } from "#suites/requirements/capability.ts";
import { ipv6FilteredSince } from "#suites/requirements/rules/ipv6.ts";
import type { IpVersion } from "./stacked.ts";

export { ipv6FilteredSince };

/** From where on a rule holds over IPv6 as it does over IPv4. */
export interface OverIpv6 {
  /** The version of Docker, e.g. `ipv6FilteredSince`; left out: as long as over IPv4. */
  readonly since?: string;
  /** What plugins behind a CNI runtime declare that have it, of which Docker promises nothing; default `ipv6Egress`. */
  readonly overCni?: Capability;
}

/** Looks over each IP version for which the rule holds here, at the same time. Which those were is a fact of the report. */
export async function overEach(
  test: Judged,
  versions: readonly IpVersion[],
  look: (version: IpVersion) => Promise<void>,
  where: OverIpv6 = {},
): Promise<void> {
  await Promise.all(heldOver(test, versions, where).map(look));
}

/** The IP versions of those for which the rule holds here; they are a fact of the report, where a test asks. */
export function heldOver(
  test: Omit<Judged, "fact"> & Partial<Pick<Judged, "fact">>,
  versions: readonly IpVersion[],
  { since, overCni = "ipv6Egress" }: OverIpv6 = {},
): readonly IpVersion[] {
  const held = versions.filter(
    (version) => version === 4 || since === undefined || isPromised(since, test, { overCni }),
  );
  test.fact?.("IP versions", held.map(nameOf).join(", "));
  return held;
}

/** `IPv6`, for messages and facts. */
export function nameOf(version: IpVersion): string {
  return `IPv${version}`;
}
