import { AdminClient } from "#drivers/reference/admin/client.ts";
import { referenceCniFaults } from "#drivers/reference/faults/tables/cni.ts";
import { type ReferenceFault, referenceFaults } from "#drivers/reference/faults/tables/network.ts";
import { ClusterStates } from "#harness/cluster/state.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Scope } from "#harness/core/scope.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import type { Fault, FaultContext } from "#harness/proof/fault.ts";
import { type RequirementId, requirementOf } from "#suites/requirements/catalogue.ts";

/** Every fault of the reference plugin's networks, names, tenants and policies, switched on while its chapter runs. */
export const faultsOfReference: readonly Fault[] = faultsOf(referenceFaults, "reference");

/** Every fault of its CNI side. */
export const faultsOfReferenceCni: readonly Fault[] = faultsOf(referenceCniFaults, "reference-cni");

function faultsOf(faults: Readonly<Record<string, ReferenceFault>>, driver: string): Fault[] {
  return Object.entries(faults).map(([name, { detectedBy, mayFollow = [], does, alone }]) => ({
    name,
    breaks: does,
    detectedBy: [detectedBy],
    mayFollow,
    ...(alone ? { alone } : {}),
    chapter: chapterOf(detectedBy),
    driver,
    // What is left behind must still be there when it is looked for.
    acts:
      detectedBy === "C1"
        ? { "chapter ends": (context, { scope }) => switchOn(context, scope, name) }
        : { "chapter begins": (context, { scope }) => switchOn(context, scope, name) },
  }));
}

/** Switches a fault of the cluster's reference plugin on until `scope` closes. */
export async function switchOn({ cluster }: FaultContext, scope: Scope, name: string): Promise<void> {
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
