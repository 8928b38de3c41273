import { rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { PausedTest, PauseMethods } from "#harness/conformance/pause/pause.ts";
import { UsageError } from "#harness/core/errors.ts";
import { makeScratchFolder } from "#harness/core/process/scratch.ts";
import { serveSocket } from "#harness/core/rpc/socket.ts";

/** Where workers ask whether to go on. */
export interface PauseServer {
  /** Path of a unix socket, for `Selection.pause`. */
  readonly socket: string;
  close(): void;
}

/**
 * Shows each test that pauses to the person at the terminal and waits for Enter. Throws `UsageError` where there is nobody
 * at a terminal.
 */
export async function servePause(): Promise<PauseServer> {
  if (!process.stdin.isTTY) {
    throw new UsageError(
      "--pause: expected a terminal, at which somebody goes on with Enter; stdin is none",
      {
        hint: "run it in a terminal; with KEEP=1 the cluster stays up after the run",
      },
    );
  }
  const folder = makeScratchFolder();
  const socket = join(folder, "pause.sock");
  const server = await serveSocket<PauseMethods>(socket, {
    async paused(test) {
      process.stdout.write(`\n${describe(test)}\n`);
      await enter();
      process.stdout.write("going on\n");
      return null;
    },
  });
  server.unref();
  return {
    socket,
    close() {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function describe({ test, reason, ways }: PausedTest): string {
  const wide = Math.max(...ways.map(({ to }) => to.length));
  return [
    `paused at ${test}, with everything up`,
    ...reason.split("\n").map((line) => `  ${line}`),
    ...ways.map(({ to, line }) => `  ${to.padEnd(wide)}  ${line}`),
    "Enter goes on; Ctrl-C ends the run and removes what it has brought up",
  ].join("\n");
}

/** Resolves with the next line, or with the end, of what is typed. Ctrl-C stays a signal. */
async function enter(): Promise<void> {
  const lines = createInterface({ input: process.stdin, terminal: false });
  await new Promise<void>((resolve) => {
    lines.once("line", () => resolve());
    lines.once("close", () => resolve());
  });
  lines.close();
}
