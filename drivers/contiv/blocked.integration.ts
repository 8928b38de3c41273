import { join } from "node:path";
import { describe, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { runVitest } from "#reports/vitest-run.ts";

/** Engine, and the one line that every requirement is told. */
const reasons: [string, string][] = [
  ["20.10", "no Contiv release given (CONTIV=…)"],
  ["26.1", "Docker 26.1 has no cluster store, which Contiv needs (removed in 23.0)"],
];

describe.concurrent("without what it needs, a run on Contiv brings up no cluster", () => {
  test.for(reasons)(
    "and every requirement on Docker %s is blocked: %s",
    async ([engine, reason], { expect: told }) => {
      using run = await runVitest({
        config: join(projectRoot, "vitest.config.ts"),
        args: ["--project", `contiv@${engine}`, "suites/basics", "suites/policy", "suites/cleanup"],
        env: { DRIVER: "contiv", ENGINE: engine, CONTIV: "" },
      });
      const results = (run.statement?.targets ?? []).flatMap((target) => target.results);
      const tried = results.filter(({ outcome }) => outcome !== "not run");
      told(tried.length).toBeGreaterThan(10);
      told(new Set(tried.map((result) => `${result.outcome}: ${result.reason}`))).toEqual(
        new Set([`blocked: ${reason}`]),
      );
      told(run.stderr).toContain(`contiv@${engine}: blocked: ${reason}`);
      told(run.stdout + run.stderr).not.toMatch(/starting \d+ nodes/);
      // Nothing was shown, and that is not green.
      told(run.exitCode).toBe(1);
    },
  );
});
