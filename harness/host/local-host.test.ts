import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DeadlineExceeded } from "#harness/core/errors.ts";
import { CommandFailed } from "./command-failed.ts";
import { LocalHost } from "./local-host.ts";

const host = new LocalHost();

describe("LocalHost", () => {
  it("passes arguments untouched by any shell, with input and environment", async () => {
    const result = await host.exec(
      ["sh", "-c", 'cat; printf "%s|%s" "$1" "$WORD"; echo e >&2', "sh", "a b'$x\""],
      {
        input: "in ",
        env: { WORD: "w w" },
      },
    );
    expect(result).toMatchObject({
      host: "local",
      code: 0,
      signal: null,
      stdout: "in a b'$x\"|w w",
      stderr: "e\n",
    });
    expect(result.durationMs).toBeGreaterThan(0);
  });

  it("reports a non-zero exit, a signal and a missing program as values", async () => {
    expect(await host.exec(["sh", "-c", "exit 3"])).toMatchObject({ code: 3 });
    expect(await host.exec(["sh", "-c", "kill -TERM $$"])).toMatchObject({ code: null, signal: "TERM" });
    expect(await host.exec(["no-such-program-anywhere"])).toMatchObject({ code: 127 });
  });

  it("turns a non-zero exit of run into an error that shows the command and its output", async () => {
    const failure = host.run(["sh", "-c", "echo broken >&2; exit 4"]);
    await expect(failure).rejects.toThrow(CommandFailed);
    await expect(failure).rejects.toThrow(/local\$ sh -c .*\n.*exit 4.*\n.*broken/);
  });

  it("kills a command and its children at the deadline", async () => {
    const start = performance.now();
    await expect(host.exec(["sh", "-c", "sleep 60 & wait"], { deadlineMs: 100 })).rejects.toThrow(
      DeadlineExceeded,
    );
    expect(performance.now() - start).toBeLessThan(30_000);
  });

  it("streams a running command and ends it by signal", async () => {
    const command = await host.spawn(["cat"]);
    command.stdin.write("line\n");
    const [chunk] = await command.stdout.take(1).toArray();
    expect(String(chunk)).toBe("line\n");
    command.kill("INT");
    expect(await command.exit).toEqual({ code: null, signal: "INT" });
    command.kill();
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
