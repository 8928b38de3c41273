import { describe, expect, it, onTestFinished } from "vitest";
import { until, within } from "#harness/core/async/poll.ts";
import { DeadlineExceeded } from "#harness/core/errors.ts";
import { setPatience } from "#harness/core/settings/patience.ts";
import { CommandFailed } from "#harness/host/command-failed.ts";
import type { Host } from "#harness/host/host.ts";
import { recordCommands } from "#harness/host/transcript.ts";

let started = 0;

/** For how long an endless `sleep` sleeps: a number that no other has, to find it by. */
function endless(): string {
  return `3600.${process.pid}${++started}`;
}

/** What `Host` promises of commands, as tests of the host that `host` yields when they run. */
export function describeCommands(name: string, host: () => Host): void {
  const isRunning = async (seconds: string) =>
    (await host().exec(["pgrep", "-x", "-f", `sleep ${seconds}`])).code === 0;

  describe(`commands on ${name}`, () => {
    it("get their arguments as they are, past every shell", async () => {
      const words = [
        "a b",
        "'",
        '"',
        "$x",
        "`x`",
        "*",
        "~",
        "\\",
        "",
        "a\nb\tc",
        "é",
        "-n",
        "x=y",
        "!",
        "{a,b}",
      ];
      const told = await host().run(["printf", "[%s]", ...words]);
      expect(told).toBe(words.map((word) => `[${word}]`).join(""));
    });

    it("get their input and its end, as text and as bytes", async () => {
      expect(await host().run(["cat"], { input: "é\n'$x'\n" })).toBe("é\n'$x'\n");
      expect(await host().run(["wc", "-c"], { input: new Uint8Array([0, 255, 10]) })).toMatch(/^3\s/);
      expect(await host().run(["cat"])).toBe("");
    });

    it("may end without reading their input", async () => {
      expect(await host().exec(["true"], { input: "x".repeat(1_000_000) })).toMatchObject({ code: 0 });
    });

    it("get what is added to their environment, beside what they have", async () => {
      const env = { WORD: "w w'$HOME", EMPTY: "" };
      const script = 'printf "%s|" "$WORD"; printenv EMPTY && test "$PATH" && echo path';
      expect(await host().run(["sh", "-c", script], { env })).toBe("w w'$HOME|\npath\n");
      const command = await host().spawn(["printenv", "WORD"], { env });
      const told = await command.stdout.toArray();
      expect(told.join("")).toBe("w w'$HOME\n");
    });

    it("have what they print on both streams in their result, however much", async () => {
      const script = "head -c 3000000 /dev/zero | tr '\\0' o; head -c 1000000 /dev/zero | tr '\\0' e >&2";
      const result = await host().exec(["sh", "-c", script]);
      expect(result).toMatchObject({ host: host().name, argv: ["sh", "-c", script], code: 0, signal: null });
      expect([result.stdout.length, result.stderr.length]).toEqual([3_000_000, 1_000_000]);
      expect(result.stdout.replaceAll("o", "") + result.stderr.replaceAll("e", "")).toBe("");
      expect(result.durationMs).toBeGreaterThan(0);
    });

    it.each([
      ["a code", ["sh", "-c", "exit 3"], { code: 3, signal: null }],
      ["the code 255", ["sh", "-c", "exit 255"], { code: 255, signal: null }],
      ["a signal", ["sh", "-c", "kill -TERM $$"], { code: null, signal: "TERM" }],
      ["SIGKILL", ["sh", "-c", "kill -KILL $$"], { code: null, signal: "KILL" }],
      ["127 for a program that is not there", ["no-such-program-anywhere"], { code: 127, signal: null }],
    ])("tell how they ended: %s", async (_how, argv, end) => {
      expect(await host().exec(argv)).toMatchObject(end);
    });

    it("fail `run` when they do not exit 0, with the command and its output", async () => {
      const failure = host().run(["sh", "-c", "echo told; echo broken >&2; exit 4"]);
      await expect(failure).rejects.toThrow(CommandFailed);
      await expect(failure).rejects.toThrow(/\$ sh -c .*\n.*exit 4.*\n.*broken\ntold/);
    });

    it("are killed at their deadline, at once and with what they said so far", async () => {
      const seconds = endless();
      const start = performance.now();
      const late = host().exec(["sh", "-c", `echo begun; exec sleep ${seconds}`], { deadlineMs: 500 });
      await expect(late).rejects.toThrow(DeadlineExceeded);
      await expect(late).rejects.toThrow(
        /^\w+\$ sh -c .* did not end within 500 ms and was killed; so far: begun\n$/,
      );
      expect(performance.now() - start).toBeLessThan(30_000);
      await until(
        { what: "the command to be gone", deadlineMs: 15_000 },
        async () => !(await isRunning(seconds)),
      );
    });

    it("have `PATIENCE` times their deadline", async () => {
      onTestFinished(() => setPatience(undefined));
      setPatience(40);
      const slow = await host().exec(["sleep", "0.5"], { deadlineMs: 100 });
      expect(slow).toMatchObject({ code: 0 });
      expect(slow.durationMs).toBeGreaterThan(100);
      setPatience(3);
      await expect(host().run(["sleep", endless()], { deadlineMs: 100 })).rejects.toThrow(/within 300 ms/);
    });

    it("stand in the transcript with their output and how they ended, those that were late do not", async () => {
      const { entries, done } = recordCommands("T1", async () => {
        await host().exec(["sh", "-c", "echo out; echo err >&2; exit 7"]);
        await host()
          .exec(["sleep", endless()], { deadlineMs: 100 })
          .catch(() => {});
      });
      await done;
      expect(entries).toMatchObject([
        { host: host().name, requirement: "T1", code: 7, stdout: "out\n", stderr: "err\n" },
      ]);
    });

    it("run on while they are spoken to, until a signal ends them", async () => {
      const command = await host().spawn(["cat"]);
      command.stderr.resume();
      command.stdin.write("line\n");
      const line = await new Promise((resolve) => command.stdout.once("data", resolve));
      expect(String(line)).toBe("line\n");
      command.kill("INT");
      const deadline = { what: "the command to end", deadlineMs: 15_000 };
      expect(await within(deadline, command.exit)).toEqual({ code: null, signal: "INT" });
      command.kill();
    });

    it("lose nothing of what they said before anybody listens", async () => {
      const command = await host().spawn(["sh", "-c", "echo early; cat"]);
      command.stderr.resume();
      await host().run(["true"]);
      command.stdin.end("late\n");
      expect((await command.stdout.toArray()).join("")).toBe("early\nlate\n");
      expect(await command.exit).toEqual({ code: 0, signal: null });
    });
  });
}
