import { defineConfig } from "vitest/config";
import { readSettings } from "./harness/config/settings.ts";
import { targetProjects, tierProjects } from "./harness/conformance/projects.ts";

const settings = readSettings();

export default defineConfig({
  test: {
    pool: "forks",
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
    ],
  },
});
