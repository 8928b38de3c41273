import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { until } from "#harness/core/async/poll.ts";
import { describeCommands } from "#harness/testing/support/exec-cases.ts";
import { LocalHost } from "./local-host.ts";

const host = new LocalHost();

describeCommands("this machine", () => host);

describe("LocalHost", () => {
  it("kills a command's children with it", async () => {
    const seconds = `3600.1${process.pid}`;
    const late = host.exec(["sh", "-c", `sleep ${seconds} & wait`], { deadlineMs: 200 });
    await expect(late).rejects.toThrow(/did not end within/);
    await until({ what: "the child to be gone", deadlineMs: 10_000 }, async () => {
      return (await host.exec(["pgrep", "-x", "-f", `sleep ${seconds}`])).code !== 0;
    });
  });

  it("runs a command in another folder, where one is named", async () => {
    const command = await host.spawn(["pwd"], { cwd: "/" });
    expect((await command.stdout.toArray()).join("")).toBe("/\n");
    expect(await host.run(["pwd"])).toBe(`${process.cwd()}\n`);
  });

  it("reads, writes and removes files", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "netconform-")), "deep", "file");
    expect(await host.files.exists(path)).toBe(false);
    await host.files.write(path, "text", 0o600);
    expect(await host.files.readText(path)).toBe("text");
    expect((await host.run(["stat", "-c", "%a", path])).trim()).toBe("600");
    await host.files.remove(join(path, "..", ".."));
    expect(await host.files.exists(path)).toBe(false);
  });
});
