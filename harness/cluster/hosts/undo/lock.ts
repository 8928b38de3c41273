import { until } from "#harness/core/async/poll.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import type { Host, RunningCommand } from "#harness/host/host.ts";
import { readMarker, whoami } from "./marker.ts";

const lockPath = "/run/netconform.lock";
const busyCode = 75;
/**
 * The lock lives as long as this command, and that as long as the connection: a run that is killed lets go of it. The one that lets go removes
 * the file, which somebody else may have opened just before: what is locked must be what the path still names.
 */
export const hold = `
  while :; do
    exec 9>>${lockPath}
    flock --nonblock 9 || exit ${busyCode}
    [ ${lockPath} -ef /proc/self/fd/9 ] && break
  done
  echo held; cat >/dev/null; rm -f ${lockPath}`;
const againMs = 600_000;

/** The right to use a host, against other runs on whatever machine; given back by `release`, or when this process dies. */
export class HostLock {
  readonly #host: Host;
  #holder: RunningCommand;
  #released = false;

  private constructor(host: Host, holder: RunningCommand) {
    this.#host = host;
    this.#holder = holder;
    this.#watch();
  }

  /** Throws `UsageError` when another run has it. */
  static async take(host: Host): Promise<HostLock> {
    return new HostLock(host, await holdLock(host));
  }

  async release(): Promise<void> {
    this.#released = true;
    this.#holder.stdin.end();
    await this.#holder.exit.catch(() => {});
  }

  /** A host that was rebooted, or lost for a moment, is taken again. */
  #watch(): void {
    const again = () => {
      if (this.#released) return;
      until({ what: `the lock on ${this.#host.name}`, deadlineMs: againMs, everyMs: 2_000 }, async () => {
        if (this.#released) return true;
        this.#holder = await holdLock(this.#host);
        this.#watch();
        return true;
      }).catch(() => {});
    };
    this.#holder.exit.then(again, again);
  }
}

async function holdLock(host: Host): Promise<RunningCommand> {
  const holder = await host.spawn(["sh", "-c", hold]);
  holder.stdin.on("error", () => {});
  let said = "";
  holder.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const held = await Promise.race([
    new Promise<true>((resolve) => holder.stdout.once("data", () => resolve(true))),
    holder.exit,
  ]);
  if (held === true) return holder;
  if (held.code !== busyCode) {
    throw new HarnessError(
      `${host.name}: cannot be locked: ${said.trim() || `exit ${held.code ?? held.signal}`}`,
    );
  }
  const marker = await readMarker(host);
  const who = marker ? `${marker.id} of ${marker.by}, since ${marker.since}` : "somebody";
  throw new UsageError(`${host.name}: another run is using it: ${who} (this is ${whoami()})`, {
    hint: `wait for it to end, or name other hosts; fuser ${lockPath} on the host shows the process that holds it`,
  });
}
