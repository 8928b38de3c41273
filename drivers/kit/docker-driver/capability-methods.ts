import type { Driver, InstalledDriver } from "#drivers/driver.ts";
import { UsageError } from "#harness/core/errors.ts";
import type { Capability } from "#suites/requirements/capability.ts";

/** What `connect` must resolve to beside `createNetwork`, by the capability that asks for it. */
export const capabilityMethods = {
  multihost: ["underlay"],
  tenants: ["createTenant", "listTenants"],
  policy: ["createPolicy", "listPolicies", "createGroup", "listGroups"],
  encrypted: ["listNetworks"],
  lostNodes: ["giveUpNode"],
  bgp: ["speakBgp", "listBgpSessions"],
  remote: ["protocol"],
  cni: ["cniCalls"],
} as const satisfies Partial<Record<Capability, readonly (keyof InstalledDriver)[]>>;

/** Capabilities among `declared` whose methods `has` does not have, one line for each method. */
export function missingMethods(
  declared: readonly Capability[],
  has: (method: keyof InstalledDriver) => boolean,
): string[] {
  return Object.entries(capabilityMethods).flatMap(([capability, methods]) =>
    declared.includes(capability as Capability)
      ? methods
          .filter((method) => !has(method))
          .map((method) => `${capability}: expected ${method}, got none`)
      : [],
  );
}

/** Throws `UsageError` with `place`, capability and method when a connected driver declares what it lacks. */
export function refuseMissing(
  place: string,
  { capabilities }: Pick<Driver, "capabilities">,
  installed: InstalledDriver | undefined,
): void {
  if (typeof installed?.createNetwork !== "function") {
    throw new UsageError(`${place}: connect resolved to no driver: expected a function createNetwork`);
  }
  const missing = missingMethods(capabilities, (method) => installed[method] !== undefined);
  if (missing.length === 0) return;
  throw new UsageError(`${place} declares what it lacks\n  ${missing.join("\n  ")}`, {
    hint: "have connect resolve to an object with them, or take the capability out of capabilities",
  });
}
