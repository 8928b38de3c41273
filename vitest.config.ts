import { defineConfig } from "vitest/config";
import { cniProjects } from "./harness/cni/projects.ts";
import { readSettings } from "./harness/config/settings.ts";
import { targetProjects, tierProjects } from "./harness/conformance/projects.ts";
import { conformanceReporters } from "./reports/reporters.ts";

const settings = readSettings();

export default defineConfig({
  test: {
    pool: "forks",
    reporters: conformanceReporters(),
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{harness,drivers,reports}/**/*.test.ts", "suites/requirements/**/*.test.ts"],
        },
      },
      ...(await targetProjects(settings)),
      ...tierProjects(settings.PLUGIN),
      ...(await cniProjects(settings)),
    ],
  },
});
