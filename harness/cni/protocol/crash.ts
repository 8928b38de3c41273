import type { Invocation } from "./invocation.ts";

const traces: readonly (readonly [RegExp, string])[] = [
  [/^panic: (.*)/m, "a Go panic"],
  [/^fatal error: (.*)/m, "a fatal error of the Go runtime"],
  [/^Traceback \(most recent call last\):$/m, "an uncaught exception in Python"],
];

/** How a plugin fell over, instead of refusing: `undefined` where it did not. One that was killed for its silence did not. */
export function crashOf({ code, signal, timedOut, stdout, stderr }: Invocation): string | undefined {
  if (timedOut || code === 0) return undefined;
  if (code === null) return `signal ${signal}`;
  for (const [trace, what] of traces) {
    const found = trace.exec(stderr);
    if (found) return found[1] ? `${what}: ${found[1]}` : what;
  }
  // What the Go runtime ends with, where somebody has closed or swallowed stderr.
  return code === 2 && stdout.trim() === "" ? "exit 2 and nothing on stdout" : undefined;
}
