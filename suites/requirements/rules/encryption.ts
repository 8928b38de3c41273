import type { Capability } from "#suites/requirements/capability.ts";
import type { Requirement } from "#suites/requirements/requirement.ts";

const capabilities: readonly Capability[] = ["multihost", "vxlan", "encrypted"];

function encryption(title: string, text: string, url: string): Requirement {
  return { title, level: "MUST", appliesTo: { capabilities }, profile: "encryption", source: { text, url } };
}

// Docker's documentation has no versions; this is the text of one day.
const documentation =
  "https://github.com/docker/docs/blob/0f550540af081c9d18c5bee523917427158b3b03/content/manuals/engine/network/drivers/overlay.md";

/** What an encrypted network promises beyond any other network that spans nodes. */
export const encryptionRequirements = {
  E1: encryption(
    "containers of an encrypted network reach each other across nodes, by ESP alone: neither packet nor VXLAN is bare",
    "Docker, Overlay network driver, Encrypt traffic on an overlay network; RFC 4303",
    `${documentation}#encrypt-traffic-on-an-overlay-network`,
  ),
  E2: encryption(
    "a network that is not encrypted works beside an encrypted one, and when that has gone",
    "Docker, Overlay network driver, Create an overlay network",
    `${documentation}#create-an-overlay-network`,
  ),
  E3: encryption(
    "bare VXLAN that somebody sends for an encrypted network reaches no container",
    "GHSA-232p-vwff-86mp (CVE-2023-28840)",
    "https://github.com/moby/moby/security/advisories/GHSA-232p-vwff-86mp",
  ),
  E4: encryption(
    "a node without keys sends nothing of an encrypted network, rather than sending it bare",
    "RFC 4301, section 5.1: what is to be protected is protected or discarded",
    "https://www.rfc-editor.org/rfc/rfc4301#section-5.1",
  ),
  E5: encryption(
    "a rotation of the keys loses no connection of an encrypted network",
    "libnetwork 1275: three keys, so that keys change across the cluster without packets lost on the way",
    "https://github.com/moby/libnetwork/pull/1275",
  ),
} as const satisfies Record<string, Requirement>;
