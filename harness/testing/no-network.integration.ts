import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { $, environmentWith } from "#harness/host/local/zx.ts";
import { program, runScript } from "./support/run-script.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-no-network-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Nothing listens there. */
const nowhere = "http://127.0.0.1:9";

test("a Debian mirror that cannot be reached is one message, with what to do", async () => {
  const [cache, reports] = [join(folder, "cache"), join(folder, "reports")];
  const env = {
    MIRROR: `${nowhere}/debian`,
    CACHE: cache,
    REPORTS: reports,
    DRIVER: "bridge",
    ENGINE: "26.1",
  };
  const { code, said } = await runScript(program, ["conform", "suites/basics", "-t", "B1"], env);
  expect(said).toMatch(
    /^the Debian mirror http:\/\/127\.0\.0\.1:9\/debian cannot be reached, and the .* image .* is made from its packages: .*127\.0\.0\.1.*\n {2}next: MIRROR=URL .*NODE_IMAGE .*images -- save, load$/m,
  );
  expect(code).toBe(2);
}, 240_000);

test("a registry that cannot be reached on a fresh clone is one message, with what to do", async () => {
  const clone = join(folder, "clone");
  for (const path of [
    "package.json",
    "package-lock.json",
    "harness/cli/bootstrap.mjs",
    "harness/core/process/turn.mjs",
  ]) {
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    cpSync(join(projectRoot, path), join(clone, path));
  }
  const npm = {
    npm_config_registry: nowhere,
    npm_config_cache: join(folder, "npm"),
    npm_config_fetch_retries: "0",
  };
  const argv = [process.execPath, join(clone, "harness/cli/bootstrap.mjs"), "check"];
  const ended = await $({ cwd: clone, env: environmentWith(npm) })`${argv}`;
  expect(ended.stdall).toContain(": npm's registry cannot be reached\n");
  expect(ended.stdall).toMatch(
    /\n {2}next: npm config get registry says which one it is; npm_config_registry=URL/,
  );
  expect(ended.exitCode).toBe(2);
}, 120_000);
