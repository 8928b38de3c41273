import type { Capability } from "#suites/requirements/capability.ts";
import type { Level, Requirement } from "#suites/requirements/requirement.ts";
import { laterOverIpv6 } from "./ipv6.ts";

function overCni(
  level: Level,
  title: string,
  source: Requirement["source"],
  capabilities: readonly Capability[] = [],
): Requirement {
  return {
    title,
    level,
    profile: "attachment",
    appliesTo: { capabilities: ["cni", ...capabilities] },
    source,
  };
}

/** What happens to a container that a CNI runtime attached, after its ADD. B7 of the tutorial's rules is the ADD itself. */
export const attachmentRequirements = {
  // A host must announce what it configures; that a plugin configures it for the host, no specification says.
  B13: overCni(
    "SHOULD",
    "an address that is given to another container is reached there within 5 s, also by those who knew the one before",
    {
      text: "RFC 5227, section 2.3: announcing an address; over IPv6 RFC 4861, section 7.2.6",
      url: "https://www.rfc-editor.org/rfc/rfc5227#section-2.3",
    },
    ["hotplug"],
  ),
  B14: {
    ...overCni(
      "MUST",
      "after a restart of its node DEL of a container succeeds with the cached result, and the next ADD works",
      {
        text: "CNI specification, section 2, DEL; section 3, Lifecycle & Ordering",
        url: "https://github.com/containernetworking/cni/blob/spec-v1.1.0/SPEC.md#del-remove-container-from-network-or-un-apply-modifications",
      },
    ),
    promised: [laterOverIpv6],
  },
} as const satisfies Record<string, Requirement>;
