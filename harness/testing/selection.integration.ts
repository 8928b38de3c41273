import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { runVitest } from "#reports/vitest-run.ts";

/** Runs the CNM suite against the project's own plugin with `-t`, and yields the ids that had an outcome. */
async function select(pattern: string) {
  const outcome = await runVitest({
    config: join(projectRoot, "vitest.config.ts"),
    args: ["suites/cnm", "-t", pattern],
    env: { DRIVER: "bridge", CNM_ENGINE: "29.7" },
  });
  onTestFinished(() => outcome[Symbol.dispose]());
  const { exitCode, statement } = outcome;
  const results = (statement?.targets ?? []).flatMap((target) => target.results);
  const outcomes = results
    .filter(({ outcome: one }) => one !== "not run")
    .map((result) => `${result.requirement} ${result.outcome}`);
  return { exitCode, outcomes, errors: statement?.errors };
}

describe("-t with an id", () => {
  const selected: [string, string[]][] = [
    ["CNM-8", ["CNM-8 passed"]],
    ["CNM-1", ["CNM-1 passed"]],
    ["CNM-1,CNM-23b", ["CNM-1 passed", "CNM-23b passed"]],
    ["CNM-1[01]", ["CNM-10 passed", "CNM-11 passed", "CNM-11b passed"]],
  ];
  test.for(selected)("%s runs what it selects, and the others are not run", async ([pattern, ids]) => {
    expect(await select(pattern)).toEqual({ exitCode: 0, outcomes: ids, errors: [] });
  });

  test("of a requirement that is unsupported runs nothing else, and is no fault of the suite", async () => {
    expect(await select("CNM-7")).toEqual({ exitCode: 1, outcomes: ["CNM-7 unsupported"], errors: [] });
  });
});
