import { atLeast } from "#harness/cni/protocol/version.ts";
import type { SpecVersion } from "#suites/requirements/spec-version.ts";
import type { PreviousResult } from "./request.ts";

/** What ADD has made. */
export interface MadeAttachment {
  readonly interfaces: readonly { name: string; mac: string; sandbox?: string }[];
  /** `interface` is an index into `interfaces`. */
  readonly ips: readonly { address: string; gateway?: string; interface: number }[];
  readonly routes: readonly { dst: string; gw?: string }[];
  readonly nameservers: readonly string[];
}

/** The result of ADD (specification, section 5), behind what plugins before this one have made. */
export function resultOf(
  version: SpecVersion,
  made: MadeAttachment,
  previous: PreviousResult | undefined,
): object {
  const { interfaces, ips, routes, dns, ...others } = previous ?? {};
  const offset = interfaces?.length ?? 0;
  return {
    ...others,
    cniVersion: version,
    interfaces: [...(interfaces ?? []), ...made.interfaces],
    ips: [
      ...(ips ?? []),
      ...made.ips.map((ip) => ({
        ...(atLeast(version, "1.0.0") ? {} : { version: ip.address.includes(":") ? "6" : "4" }),
        ...ip,
        interface: ip.interface + offset,
      })),
    ],
    routes: [...(routes ?? []), ...made.routes],
    dns: { ...dns, nameservers: [...(dns?.nameservers ?? []), ...made.nameservers] },
  };
}
