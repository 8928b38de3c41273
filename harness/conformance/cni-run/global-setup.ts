import type { TestProject } from "vitest/node";
import { loadPluginProfile } from "#drivers/cni/plugin-profile/load.ts";
import { sweepPlaces } from "#harness/cni/testbed/place/place.ts";
import { findPluginOf } from "#harness/cni/testbed/plugin-under-test.ts";
import {
  attachForReference,
  type ReferenceAttachment,
  readAbout,
} from "#harness/cni/testbed/reference/reference.ts";
import { UsageError } from "#harness/core/errors.ts";
import { endOnUsageError } from "#harness/core/settings/usage.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Of a plugin of the CNI suite: `PLUGIN` names it by itself, and not the folder in which it lies. */
    named: boolean;
    reference: ReferenceAttachment;
  }
}

/**
 * Before a test of the CNI suite runs: attaches one container for reference. A plugin that cannot be called as it was named, and a
 * configuration that it refuses, end the run with exit code 2; one among others in a folder is told of in its place.
 */
export default async function attachFirst(project: TestProject): Promise<void> {
  const { named } = project.getProvidedContext();
  const reference = await referenceOf(project).catch((error: unknown): ReferenceAttachment => {
    if (named || !(error instanceof UsageError)) return endOnUsageError(error);
    return { kind: "interface", infrastructure: [], unusable: error.message };
  });
  project.provide("reference", reference);
}

async function referenceOf(project: TestProject): Promise<ReferenceAttachment> {
  const { settings, target } = project.getProvidedContext();
  const host = new LocalHost();
  await sweepPlaces(host);
  const own = await loadPluginProfile(settings);
  const { plugin, kind } = await findPluginOf(target, settings, host, own);
  const about = await readAbout(plugin);
  const given = own ? "PROFILE" : settings.CONFIG !== undefined ? "CONFIG" : undefined;
  const reference = await attachForReference(plugin, kind, given);
  return { ...reference, ...(about === undefined ? {} : { about }) };
}
