import { defineConfig, type ViteUserConfig } from "vitest/config";
import { publicApiAlias } from "./drivers/public-api-import.ts";
import { cniProjects } from "./harness/conformance/cni-run/projects.ts";
import { targetProjects, tierProjects } from "./harness/conformance/run/projects.ts";
import { selectionById } from "./harness/conformance/run/selection.ts";
import { readSettings } from "./harness/core/settings/settings.ts";
import { endOnUsageError } from "./harness/core/settings/usage.ts";
import { conformanceReporters } from "./reports/reporters.ts";

/** Whether the command line leaves room for that tier: asking every CNI plugin for its versions takes a second. */
function mayRun(tier: string): boolean {
  const chosen = process.argv.filter((argument, index) => {
    return argument.includes("suites/") || process.argv[index - 1] === "--project";
  });
  return chosen.length === 0 || chosen.some((argument) => argument.includes(tier));
}

async function configure(): Promise<ViteUserConfig> {
  const settings = readSettings();
  // Chapters know nothing of faults: one that is asked for waits in the worker for the cluster.
  const fault = settings.FAULT
    ? { globalSetup: ["harness/proof/global-setup.ts"], setupFiles: ["harness/proof/setup.ts"] }
    : {};
  return {
    plugins: [selectionById()],
    resolve: { alias: [publicApiAlias] },
    test: {
      pool: "forks",
      reporters: conformanceReporters(settings),
      provide: { settings },
      testTimeout: 60_000 * settings.PATIENCE,
      hookTimeout: 120_000 * settings.PATIENCE,
      // Vitest ends the process when taking everything down takes longer, and clusters would stay.
      teardownTimeout: 180_000 * settings.PATIENCE,
      projects: [
        {
          extends: true,
          test: {
            name: "unit",
            include: ["{harness,drivers,reports}/**/*.test.ts", "suites/requirements/**/*.test.ts"],
          },
        },
        {
          extends: true,
          test: {
            name: "integration",
            include: ["{harness,drivers,reports}/**/*.integration.ts"],
            testTimeout: 120_000 * settings.PATIENCE,
            // Each of these files runs vitest or a command in processes of their own.
            maxWorkers: 2,
          },
        },
        ...(await targetProjects(settings, fault)),
        ...tierProjects(settings.PLUGIN),
        ...(mayRun("cni") ? await cniProjects(settings) : []),
      ],
    },
  };
}

export default defineConfig(await configure().catch(endOnUsageError));
