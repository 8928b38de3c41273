import type { TestProject } from "vitest/node";
import { findPluginOf } from "#harness/cni/testbed/plugin-under-test.ts";
import { endOnUsageError } from "#harness/core/settings/usage.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";

/** Before a test of the CNI suite runs: ends the run with exit code 2 where the plugin that was named cannot be called. */
export default async function refuseUnusable(project: TestProject): Promise<void> {
  const { settings, target } = project.getProvidedContext();
  await findPluginOf(target, settings, new LocalHost()).catch(endOnUsageError);
}
