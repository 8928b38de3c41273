import { AdminClient } from "#drivers/reference/admin/client.ts";
import { ClusterStates } from "#harness/cluster/state.ts";
import { readSettings } from "#harness/config/settings.ts";
import { HarnessError } from "#harness/errors.ts";
import type { Scope } from "#harness/scope.ts";
import { type RequirementId, requirementOf } from "#suites/requirements/catalogue.ts";
import { referenceCniFaults } from "./reference-cni-faults.ts";
import { type ReferenceFault, referenceFaults } from "./reference-faults.ts";
import type { Saboteur, Site } from "./saboteur.ts";

/** Every fault of the reference plugin's networks, names, tenants and policies, switched on while its chapter runs. */
export const referenceSaboteurs: readonly Saboteur[] = saboteursOf(referenceFaults, "reference");

/** Every fault of its CNI side. */
export const referenceCniSaboteurs: readonly Saboteur[] = saboteursOf(referenceCniFaults, "reference-cni");

function saboteursOf(faults: Readonly<Record<string, ReferenceFault>>, driver: string): Saboteur[] {
  return Object.entries(faults).map(([name, { kills, mayFollow = [], does, alone }]) => ({
    name,
    breaks: does,
    kills: [kills],
    mayFollow,
    ...(alone ? { alone } : {}),
    chapter: chapterOf(kills),
    driver,
    // What is left behind must still be there when it is looked for.
    acts:
      kills === "C1"
        ? { "chapter ends": (site, { scope }) => switchOn(site, scope, name) }
        : { "chapter begins": (site, { scope }) => switchOn(site, scope, name) },
  }));
}

/** Switches a fault of the cluster's reference plugin on until `scope` closes. */
export async function switchOn({ cluster }: Site, scope: Scope, name: string): Promise<void> {
  const { attachment } = new ClusterStates(readSettings()).load(cluster.id);
  if (!attachment?.adminSocket) throw new HarnessError(`${cluster.id} carries no reference plugin`);
  const plugin = new AdminClient(attachment.adminSocket);
  await plugin.call("setFaults", { names: [name] });
  scope.defer(`the fault ${name}`, () => plugin.call("setFaults", { names: [] }));
}

/** Folder of the suite with the tests of a requirement. */
function chapterOf(id: RequirementId): string {
  const { profile } = requirementOf(id);
  if (profile === "attachment") return "basics";
  if (profile === "vlan") return "external";
  if (profile === "cleanup") return "multihost";
  return profile;
}
