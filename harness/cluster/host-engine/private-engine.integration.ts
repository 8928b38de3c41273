import { expect, test } from "vitest";
import { progress } from "#harness/core/async/progress.ts";
import { disposableFolder } from "#harness/core/process/scratch.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { findProgram, imageBuilder, installMissing } from "#harness/host/setup/install.ts";
import { PrivateEngine } from "./private-engine.ts";

test("an engine of several uses in one process runs until the last of them ends", async () => {
  using scratch = disposableFolder();
  const local = new LocalHost();
  const tool = { program: "dockerd", packages: ["docker.io"] };
  await installMissing(local, progress, [tool, imageBuilder], "its own engine is tested");
  const dockerd = (await findProgram(local, "dockerd")) ?? "";
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
