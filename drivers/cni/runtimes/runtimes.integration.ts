import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { runVitest } from "#reports/vitest-run.ts";

const settings = readSettings();

/** Runs B7 and X3 with containers of a real runtime, and yields the outcomes and what was told of the runtime. */
async function run(runtime: string, env: Record<string, string> = {}) {
  const outcome = await runVitest({
    config: join(projectRoot, "vitest.config.ts"),
    args: ["suites/basics/cni.test.ts", "suites/external/external.test.ts", "-t", "B7|X3"],
    env: {
      ...{ DRIVER: "cni-bridge", RUNTIME: runtime, ENGINE: settings.ENGINE[0] ?? "" },
      ...{ NODES: "2", KEEP: "0", SEQUENTIAL: "1", ...env },
    },
  });
  onTestFinished(() => outcome[Symbol.dispose]());
  const target = outcome.statement?.targets.find(({ driver }) => driver === `cni-bridge-${runtime}`);
  const outcomeOf = (id: string) => target?.results.find(({ requirement }) => requirement === id)?.outcome;
  return { target, outcomeOf, said: `${outcome.stdout}\n${outcome.stderr}` };
}

describe.each([
  ["podman", /^Podman 4\./],
  ["containerd", /^containerd \d/],
])("%s", (runtime, version) => {
  test("attaches containers through the plugins, and is named in the statement", async () => {
    const { target, outcomeOf, said } = await run(runtime);
    expect(outcomeOf("B7"), said).toBe("passed");
    expect(outcomeOf("X3"), said).toBe("passed");
    expect(target?.versions.runtime).toMatch(version);
  });

  test("does not hide a plugin's fault", async () => {
    const { outcomeOf, said } = await run(runtime, { FAULT: "another-mac-than-the-result" });
    expect(outcomeOf("B7"), said).toBe("failed");
    expect(outcomeOf("X3"), said).toBe("passed");
  });
});
