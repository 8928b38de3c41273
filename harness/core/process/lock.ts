import { createHash } from "node:crypto";
import { createServer, type Server } from "node:net";
import { until } from "#harness/core/async/poll.ts";

/**
 * Runs `work` while no other process on this machine holds the lock of that name.
 * The lock is an abstract unix socket: the kernel gives it up the moment its holder dies, so none is ever stale.
 * Throws `DeadlineExceeded` when another process keeps it for longer than `deadlineMs`.
 */
export async function withLock<T>(
  name: string,
  work: () => Promise<T>,
  { what = name, deadlineMs = 15 * 60_000 }: { what?: string; deadlineMs?: number } = {},
): Promise<T> {
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 32);
  const holder = await until({ what: `another process to finish ${what}`, deadlineMs, everyMs: 100 }, () =>
    listen(`\0netconform-${digest}`),
  );
  try {
    return await work();
  } finally {
    await new Promise((resolve) => holder.close(resolve));
  }
}

/** The listening server, or `undefined` when another process has the address. */
function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen(address, () => resolve(server.unref()));
  });
}
