import type { Duplex } from "node:stream";
import type { Client, ClientChannel } from "ssh2";
import { until } from "#harness/core/async/poll.ts";
import { ConnectionLost, HarnessError, HostUnreachable } from "#harness/core/errors.ts";
import { formatCommand } from "#harness/host/shell.ts";
import { dial } from "./ssh-dial.ts";
import type { SshTarget } from "./ssh-target.ts";

/** For how long after its loss a host is tried again. */
const bootMs = 30_000;
/** For how long a failed attempt to reconnect answers for all others. */
const unreachableMs = 10_000;
const farewellMs = 2_000;

/** A stream-local reverse forward that can be taken back. */
export interface ReverseForward {
  close(): Promise<void>;
}

/**
 * One multiplexed SSH connection that is made on first use and made again after it was lost.
 * What was under way when it broke rejects with `ConnectionLost`; nothing is repeated behind the caller's back.
 */
export class SshConnection {
  readonly target: SshTarget;
  readonly #forwards = new Map<string, (stream: Duplex) => void>();
  readonly #watchers = new Set<(error: ConnectionLost) => void>();
  #client: Promise<Client> | undefined;
  #closed = false;
  #lostAt: number | undefined;
  /** The last thing begun over this connection, for the message when it breaks. */
  #last: { what: string; at: number } | undefined;
  #unreachable: { error: HostUnreachable; since: number } | undefined;

  constructor(target: SshTarget) {
    this.target = target;
  }

  /** Connects, where that has not been done yet. */
  async open(): Promise<void> {
    await this.#connected();
  }

  /**
   * Runs a shell line in a new session channel. `attach` is called at once with the channel, since a quick command
   * may have ended by the time a promise is resolved.
   */
  async exec<T>(line: string, attach: (channel: ClientChannel) => T): Promise<T> {
    return this.#call<T>(line, (client, done) =>
      client.exec(line, (error, channel) => {
        if (error) done(error, undefined as T);
        else done(undefined, attach(channel));
      }),
    );
  }

  /** A stream to a unix socket on the host. */
  async connectSocket(path: string): Promise<Duplex> {
    return this.#call<Duplex>(`connecting to ${path}`, (client, done) =>
      client.openssh_forwardOutStreamLocal(path, done),
    );
  }

  /** Makes `path` a unix socket on the host whose connections arrive here; it comes back after a reconnect. */
  async forwardIn(path: string, onConnection: (stream: Duplex) => void): Promise<ReverseForward> {
    this.#forwards.set(path, onConnection);
    await this.#listen(path);
    return {
      close: async () => {
        this.#forwards.delete(path);
        if (this.#client) {
          await this.#call<void>(`no longer listening at ${path}`, (client, done) =>
            client.openssh_unforwardInStreamLocal(path, done),
          );
        }
      },
    };
  }

  /** Settles as `work` does, or rejects with `ConnectionLost` when the connection breaks first. */
  orLost<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = this.whenLost(reject);
      work.then(resolve, reject).finally(done);
    });
  }

  /** Calls `tell` when the connection breaks, until the returned function is called. */
  whenLost(tell: (error: ConnectionLost) => void): () => void {
    this.#watchers.add(tell);
    return () => this.#watchers.delete(tell);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const client = await this.#client?.catch(() => undefined);
    if (!client) return;
    await new Promise<void>((resolve) => {
      // A host that is gone does not answer the farewell.
      const late = setTimeout(() => client.destroy(), farewellMs);
      client.once("close", () => {
        clearTimeout(late);
        resolve();
      });
      client.end();
    });
  }

  async #call<T>(
    what: string,
    start: (client: Client, done: (error: Error | undefined | null, value: T) => void) => unknown,
  ): Promise<T> {
    const client = await this.#connected();
    this.#last = { what, at: performance.now() };
    return this.orLost(
      new Promise<T>((resolve, reject) => {
        start(client, (error, value) => (error ? reject(error) : resolve(value)));
      }),
    );
  }

  #connected(): Promise<Client> {
    if (this.#closed) {
      return Promise.reject(new HarnessError(`the connection to ${this.target.name} is closed`));
    }
    if (this.#client) return this.#client;
    // Everything that still wants the host would otherwise wait for it in turn.
    const known = this.#unreachable;
    if (known && performance.now() - known.since < unreachableMs) return Promise.reject(known.error);
    this.#client = this.#reach().catch((error: Error) => {
      this.#client = undefined;
      if (!this.#last) throw error;
      const gone = new HostUnreachable(this.target.name, this.#lastKnown(), error);
      this.#unreachable = { error: gone, since: performance.now() };
      throw gone;
    });
    return this.#client;
  }

  /** A host that was lost may be booting; for a while it is worth trying again. */
  async #reach(): Promise<Client> {
    if (this.#lostAt === undefined) return this.#connect();
    const deadlineMs = Math.max(0, this.#lostAt + bootMs - performance.now());
    const what = `${this.target.name} to come back`;
    return until({ what, deadlineMs, everyMs: 500 }, () => this.#connect());
  }

  async #connect(): Promise<Client> {
    let established = false;
    const { client, ready } = dial(this.target, {
      again: this.#last !== undefined,
      closed: (cause) => {
        if (!established) return;
        this.#client = undefined;
        this.#lostAt = performance.now();
        const error = new ConnectionLost(this.target.name, this.#lastKnown(), cause);
        for (const tell of this.#watchers) tell(error);
      },
    });
    client.on("unix connection", (info, accept, reject) => {
      const handler = this.#forwards.get(info.socketPath);
      if (handler) handler(accept());
      else reject();
    });
    await ready;
    established = true;
    this.#lostAt = undefined;
    this.#client = Promise.resolve(client);
    await Promise.all([...this.#forwards.keys()].map((path) => this.#listen(path)));
    return client;
  }

  #lastKnown(): string {
    if (!this.#last) return "nothing yet";
    const line = this.#last.what.replaceAll(/\s+/g, " ").trim();
    const seconds = ((performance.now() - this.#last.at) / 1000).toFixed(1);
    return `${line.length > 200 ? `${line.slice(0, 200)} …` : line}, ${seconds} s earlier`;
  }

  async #listen(path: string): Promise<void> {
    const listen = () =>
      this.#call<void>(`listening at ${path}`, (client, done) =>
        client.openssh_forwardInStreamLocal(path, done),
      );
    await listen().catch(async () => {
      // Unless sshd has StreamLocalBindUnlink, what a lost connection left is in the way.
      await this.exec(formatCommand(["rm", "-f", "--", path]), untilClosed);
      await listen();
    });
  }
}

/** Resolves when the command has ended; what it says is dropped. */
function untilClosed(channel: ClientChannel): Promise<void> {
  channel.resume();
  channel.stderr.resume();
  return new Promise((resolve) => channel.once("close", () => resolve()));
}
