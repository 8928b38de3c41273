import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { pluginSearchPath } from "#harness/cni/protocol/invocation.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { findObstacle } from "./obstacle.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-obstacle-"));
const program = join(folder, "netconform-helper");
writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

test("a program that a plugin does not find is an obstacle, also where the run has it in its PATH", async () => {
  vi.stubEnv("PATH", `${folder}:${pluginSearchPath}`);
  const needs = (need: string) => findObstacle(new LocalHost(), { needs: [need] });
  expect(await needs("program netconform-helper")).toBe("netconform-helper is not installed on this machine");
  expect(await needs(`program ${program}`)).toBeUndefined();
  expect(await needs("program sh")).toBeUndefined();
});
