import { closeSync, openSync } from "node:fs";
import { $ } from "./zx.ts";

/** A program that outlives this process. */
export interface Daemon {
  /** How it ended, where it has; `undefined` while it runs. */
  readonly ended: string | undefined;
}

/** Starts a program in a session of its own that writes to the file `log`. This process does not wait for its end. */
export function startDaemon(argv: readonly string[], log: string): Daemon {
  const output = openSync(log, "w");
  const running = $({ detached: true, stdio: ["ignore", output, output] })`${argv}`;
  closeSync(output);
  running.child?.unref();
  let ended: string | undefined;
  running.then(({ exitCode, signal }) => {
    ended = `it ended with ${exitCode ?? signal}`;
  });
  return {
    get ended() {
      return ended;
    },
  };
}
