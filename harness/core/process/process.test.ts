import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { $ } from "zx/core";
import { until } from "#harness/core/async/poll.ts";
import { identify, identifyByPs, isAlive, ownIdentity } from "./process.ts";

test.each([
  ["/proc", identify],
  ["ps", identifyByPs],
])("%s tells a living process from one that is gone, and the same one the same", async (_, identity) => {
  const gone = $`true`;
  await gone;
  expect(identity(process.pid)).toMatch(new RegExp(`^${process.pid}:\\d+$`));
  expect(identity(process.pid)).toBe(identity(process.pid));
  expect(identity(gone.pid ?? 0)).toBeUndefined();
});

test("a later process with the same pid is another one", () => {
  expect(isAlive(ownIdentity())).toBe(true);
  expect(isAlive(`${process.pid}:1`)).toBe(false);
});

test.runIf(existsSync("/proc/self/stat"))(
  "a process that has ended is gone, also while its parent has not asked how it ended",
  async () => {
    const shell = $({ nothrow: true, stdio: "pipe" })`sh -c ${"sleep 60 & echo $$ $!; exec sleep 60"}`;
    try {
      const [said] = await once(shell.stdout, "data");
      const [parent, child] = String(said).trim().split(" ").map(Number) as [number, number];
      // The shell becomes a program that knows of no children; only then does its child end.
      const name = () => readFileSync(`/proc/${parent}/comm`, "utf8").trim();
      await until(
        { what: `${parent} to be no shell`, deadlineMs: 10_000, everyMs: 10 },
        () => name() === "sleep",
      );
      process.kill(child, "SIGKILL");
      const stat = () => readFileSync(`/proc/${child}/stat`, "utf8");
      await until({ what: `${child} to end`, deadlineMs: 10_000, everyMs: 10 }, () =>
        stat().includes(") Z "),
      );
      expect(identify(child)).toBeUndefined();
    } finally {
      await shell.kill("SIGKILL");
    }
  },
);

test.runIf(existsSync("/proc/self/stat"))(
  "a process whose first thread has ended is alive while another one runs",
  async () => {
    const number = process.arch === "arm64" ? 93 : 60;
    const program = `
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(60,)).start()
ctypes.CDLL(None).syscall(${number}, 0)`;
    const running = $({ nothrow: true, stdio: "pipe" })`python3 -c ${program}`;
    const pid = running.pid ?? 0;
    try {
      const before = identify(pid);
      const stat = () => readFileSync(`/proc/${pid}/stat`, "utf8");
      await until({ what: `the first thread of ${pid} to end`, deadlineMs: 10_000, everyMs: 10 }, () =>
        stat().includes(") Z "),
      );
      expect(before).toBeDefined();
      expect(identify(pid)).toBe(before);
    } finally {
      process.kill(pid, "SIGKILL");
    }
    await running;
    expect(identify(pid)).toBeUndefined();
  },
);
