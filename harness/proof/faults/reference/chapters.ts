import { type ChurnFaultName, churnFaults } from "#drivers/reference/faults/churn/table.ts";
import { type ReferenceCniFaultName, referenceCniFaults } from "#drivers/reference/faults/tables/cni.ts";
import { type ReferenceFaultName, referenceFaults } from "#drivers/reference/faults/tables/network.ts";
import { type NodeFaultName, nodeFaults } from "#drivers/reference/faults/tables/nodes.ts";
import { type PolicyMutantName, policyMutants } from "#drivers/reference/faults/tables/policy.ts";
import type { Chapter } from "#harness/conformance/run/projects.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Fault } from "#harness/proof/fault.ts";
import { requirementOf } from "#suites/requirements/catalogue.ts";
import type { ConformanceProfile } from "#suites/requirements/requirement.ts";

type Description = Pick<
  Fault<"chapters">,
  "breaks" | "why" | "detectedBy" | "outcome" | "mayFollow" | "names" | "alone"
>;

/** The chapter whose tests detect a fault of the reference plugin, by the profile of its requirement. */
const chapterOfProfile: Partial<Record<ConformanceProfile, Chapter>> = {
  basics: "basics",
  attachment: "basics",
  multihost: "multihost",
  cleanup: "multihost",
  tenants: "tenants",
  external: "external",
  vlan: "external",
  ipv6: "ipv6",
  bgp: "bgp",
  policy: "policy",
  lifecycle: "lifecycle",
  plugin: "plugin",
  disorder: "disorder",
  connections: "connections",
};

/** Every fault of the reference plugin's networks, names, tenants and policies, and of its CNI side. */
export const referenceChapterFaults: readonly Fault<"chapters">[] = [
  ...describedIn<ReferenceFaultName>(referenceFaults, "reference"),
  ...describedIn<NodeFaultName>(nodeFaults, "reference"),
  ...describedIn<ChurnFaultName>(churnFaults, "reference"),
  ...describedIn<PolicyMutantName>(policyMutants, "reference"),
  ...describedIn<ReferenceCniFaultName>(referenceCniFaults, "reference-cni"),
];

function describedIn<
  Name extends ReferenceFaultName | NodeFaultName | ChurnFaultName | PolicyMutantName | ReferenceCniFaultName,
>(table: Readonly<Record<Name, Description>>, driver: "reference" | "reference-cni"): Fault<"chapters">[] {
  return (Object.keys(table) as Name[]).map((name) => {
    const { detectedBy } = table[name];
    // What is left behind must still be there when it is looked for.
    const at = detectedBy.includes("C1") ? "chapter ends" : "chapter begins";
    return {
      ...table[name],
      name,
      on: { tier: "chapters", chapter: chapterOf(detectedBy), driver },
      inject: { switchOn: name, at },
    };
  });
}

function chapterOf([id]: Description["detectedBy"]): Chapter {
  const chapter = id && chapterOfProfile[requirementOf(id).profile];
  if (!chapter) throw new HarnessError(`no chapter shows ${id} on the reference plugin`);
  return chapter;
}
