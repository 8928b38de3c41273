import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { progress } from "#harness/core/async/progress.ts";
import { identify } from "#harness/core/process/process.ts";
import { disposableFolder } from "#harness/core/process/scratch.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { findProgram, imageBuilder, installMissing } from "#harness/host/setup/install.ts";
import { PrivateEngine } from "./private-engine.ts";

const local = new LocalHost();

async function findDockerd(): Promise<string> {
  const tool = { program: "dockerd", packages: ["docker.io"] };
  await installMissing(local, progress, [tool, imageBuilder], "its own engine is tested");
  return (await findProgram(local, "dockerd")) ?? "";
}

test("an engine of several uses in one process runs until the last of them ends", async () => {
  using scratch = disposableFolder();
  const dockerd = await findDockerd();
  const [first, second] = [1, 2].map(() => new PrivateEngine({ CACHE: scratch.path }, local)) as [
    PrivateEngine,
    PrivateEngine,
  ];
  try {
    await Promise.all([first.enter(dockerd), second.enter(dockerd)]);
    await first.leave();
    await second.docker.ping();
  } finally {
    await first.leave();
    await second.leave();
  }
  await expect(second.docker.ping()).rejects.toThrow();
}, 120_000);

test("an engine starts where its last one was killed, and where the pid of that is another process's by now", async () => {
  using scratch = disposableFolder();
  const dockerd = await findDockerd();
  const pidFile = join(scratch.path, "engine", "run", "docker.pid");
  mkdirSync(dirname(pidFile), { recursive: true });
  writeFileSync(pidFile, String(process.pid));
  const [before, after] = [1, 2].map(() => new PrivateEngine({ CACHE: scratch.path }, local)) as [
    PrivateEngine,
    PrivateEngine,
  ];
  try {
    await before.enter(dockerd);
    const killed = readFileSync(pidFile, "utf8");
    expect(killed).not.toBe(String(process.pid));
    process.kill(Number(killed), "SIGKILL");
    await after.enter(dockerd);
    expect(readFileSync(pidFile, "utf8")).not.toBe(killed);
    expect(identify(Number(killed))).toBeUndefined();
    await after.docker.ping();
  } finally {
    await before.leave();
    await after.leave();
    // The one that was killed has left it mounted on itself, and one that finds it so leaves it.
    await local.exec(["umount", join(scratch.path, "engine", "data")]);
  }
}, 120_000);
