import { expect, test } from "vitest";
import { crashOf } from "./crash.ts";
import type { Invocation } from "./invocation.ts";

function ended(changes: Partial<Invocation>): Invocation {
  return {
    ...{ host: "local", plugin: "bridge", command: "ADD", path: "/bridge", prefix: [], env: {}, stdin: "" },
    ...{ stdout: "", stderr: "", code: 1, signal: null, timedOut: false, dropped: { stdout: 0, stderr: 0 } },
    ...{ startedAt: 0, durationMs: 1 },
    ...changes,
  };
}

test.each([
  [{ code: null, signal: "SEGV" }, "signal SEGV"],
  [
    { code: 2, stderr: "panic: runtime error: index out of range\n\ngoroutine 1 [running]:\n" },
    "a Go panic: runtime error: index out of range",
  ],
  [{ code: 2, stderr: "fatal error: stack overflow\n" }, "a fatal error of the Go runtime: stack overflow"],
  [{ code: 1, stderr: "Traceback (most recent call last):\n" }, "an uncaught exception in Python"],
  // A log line before the trace, and one after it.
  [{ code: 2, stderr: "start\npanic: boom\ngoroutine 1" }, "a Go panic: boom"],
  [
    { code: 1, stderr: "start\nTraceback (most recent call last):\n  File" },
    "an uncaught exception in Python",
  ],
  [{ code: 2 }, "exit 2 and nothing on stdout"],
  [{ code: 2, stdout: " \n" }, "exit 2 and nothing on stdout"],
])("%j is a crash", (end, what) => {
  expect(crashOf(ended(end))).toBe(what);
});

test.each([
  { code: 1 },
  { code: 2, stdout: '{"code":7,"msg":"no"}' },
  { code: null, signal: "KILL", timedOut: true },
  { code: 0, stderr: "panic: no" },
  { code: 1, stderr: "no panic: all is well" },
  { code: 1, stderr: "not a fatal error: retried" },
  { code: 1, stderr: "> Traceback (most recent call last):" },
  { code: 1, stderr: "Traceback (most recent call last): as Python says" },
])("%j is none", (end) => {
  expect(crashOf(ended(end))).toBeUndefined();
});
