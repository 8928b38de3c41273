import { defineConfig } from "vitest/config";
import { netconform } from "./harness/cli/vitest/netconform.ts";
import { readSettings } from "./harness/core/settings/settings.ts";

const config = await netconform();
const { PATIENCE } = readSettings();

export default defineConfig({
  ...config,
  test: {
    ...config.test,
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
          testTimeout: 120_000 * PATIENCE,
          // Each of these files runs vitest or a command in processes of their own, which are side by side already.
          maxWorkers: 2,
          env: { SEQUENTIAL: "1" },
        },
      },
      ...config.test.projects,
    ],
  },
});
