import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { runVitest } from "#reports/vitest-run.ts";
import { driverSamples } from "./house/samples.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-sample-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the first sample of docs/drivers.md runs as it stands", async () => {
  const [first] = driverSamples();
  expect(first?.place).toMatch(/^docs\/drivers\.md:/);
  const driver = join(folder, "my-driver.ts");
  writeFileSync(driver, first?.code ?? "");
  const [engine = ""] = readSettings().ENGINE;
  const outcome = await runVitest({
    config: join(projectRoot, "vitest.config.ts"),
    args: ["suites/basics", "-t", "B1,B2,B5"],
    env: { DRIVER: driver, ENGINE: engine, NODES: "2", KEEP: "0" },
  });
  onTestFinished(() => outcome[Symbol.dispose]());
  expect(outcome.exitCode, `${outcome.stdout}\n${outcome.stderr}`).toBe(0);
  const results = outcome.statement?.targets.flatMap((target) => target.results) ?? [];
  const told = ["B1", "B2", "B5"].map((id) => results.find(({ requirement }) => requirement === id)?.outcome);
  expect(told).toEqual(["passed", "passed", "passed"]);
});
