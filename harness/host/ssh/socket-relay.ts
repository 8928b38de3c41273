import type { Duplex } from "node:stream";
import { until } from "#harness/core/async/poll.ts";
import { ConnectionLost, HarnessError, isLoss } from "#harness/core/errors.ts";
import { type GivenTo, RpcError } from "#harness/core/rpc/messages.ts";
import { type RunningProgram, startProgram } from "#harness/host/agent/program.ts";
import type { Host } from "#harness/host/host.ts";
import type { ReverseForward, SshConnection } from "./ssh-connection.ts";

const answerMs = 20_000;
const againMs = 60_000;
const endMs = 2_000;

interface Carried {
  listen: string;
  connect: string;
  /** Whether the user who logs in connects to it, rather than root. */
  byUser: boolean;
}

/** What the program on the host can be asked. */
interface RelayMethods {
  ready(given: object): null;
  /** Carries the connections of the socket `path` to the socket `to`. `owner` is the id of the user who may connect. */
  listen(given: { path: string; to: string; owner: number | null }): null;
  close(given: { path: string }): null;
}

type Running = RunningProgram<RelayMethods>;

/**
 * Sockets of a host on which the user who logs in is not root. One program runs there as root (through the host's
 * `spawn`) and connects sockets that only root can use with sockets in a folder of the user's, which sshd can use.
 * It ends with the connection; as long as a socket is served there it is started again.
 */
export class SocketRelay {
  readonly #host: Host;
  readonly #connection: SshConnection;
  /** Runs a command as the user who logs in and yields its output. */
  readonly #asUser: (argv: readonly string[]) => Promise<string>;
  readonly #carried = new Map<string, Carried>();
  /** Sockets in the user's folder, by the socket that they lead to. */
  readonly #ways = new Map<string, Promise<string>>();
  #folder: Promise<{ path: string; uid: number }> | undefined;
  #running: Promise<Running> | undefined;
  #closed = false;
  #next = 0;

  constructor(host: Host, connection: SshConnection, asUser: (argv: readonly string[]) => Promise<string>) {
    this.#host = host;
    this.#connection = connection;
    this.#asUser = asUser;
  }

  /** A stream to a unix socket on the host that only root can use. */
  async connect(path: string): Promise<Duplex> {
    const way = this.#ways.get(path) ?? this.#wayTo(path);
    this.#ways.set(path, way);
    const own = await way.catch((error: unknown) => {
      this.#ways.delete(path);
      throw error;
    });
    const running = await this.#started();
    return this.#connection.connectSocket(own).catch(async (error: unknown) => {
      // The connection was made anew in between, to a host on which nothing served the socket any more.
      if (isLoss(error) || (await this.#running?.catch(() => undefined)) === running) throw error;
      throw new ConnectionLost(this.#host.name, `connecting to ${path}`, error);
    });
  }

  /** Makes `path`, where only root can make one, a socket whose connections arrive in this process. */
  async forwardIn(path: string, onConnection: (stream: Duplex) => void): Promise<ReverseForward> {
    const folder = await this.#ownFolder();
    const own = `${folder.path}/in${++this.#next}`;
    const forward = await this.#connection.forwardIn(own, onConnection);
    await this.#carry({ listen: path, connect: own, byUser: false });
    return {
      close: async () => {
        this.#carried.delete(path);
        const running = await this.#running?.catch(() => undefined);
        if (running) await this.#ask(running, "close", { path });
        await forward.close();
      },
    };
  }

  /** Ends the program and removes the folder; what cannot be reached any more is left. */
  async close(): Promise<void> {
    this.#closed = true;
    const running = await this.#running?.catch(() => undefined);
    if (running) {
      await running.close(endMs).catch(() => {});
    }
    const folder = await this.#folder?.catch(() => undefined);
    if (folder) await this.#asUser(["rm", "-rf", "--", folder.path]).catch(() => {});
  }

  async #wayTo(path: string): Promise<string> {
    const listen = `${(await this.#ownFolder()).path}/out${++this.#next}`;
    await this.#carry({ listen, connect: path, byUser: true });
    return listen;
  }

  #ownFolder(): Promise<{ path: string; uid: number }> {
    this.#folder ??= (async () => {
      const made = await this.#asUser(["sh", "-c", "id -u && mktemp -d /tmp/netconform-sockets-XXXXXX"]);
      const [uid = "", path = ""] = made.trim().split("\n");
      return { path, uid: Number(uid) };
    })();
    return this.#folder;
  }

  async #carry(carried: Carried): Promise<void> {
    this.#carried.set(carried.listen, carried);
    const running = await this.#started();
    await this.#order(running, carried);
  }

  async #order(running: Running, { listen, connect, byUser }: Carried): Promise<void> {
    const { uid } = await this.#ownFolder();
    await this.#ask(running, "listen", { path: listen, to: connect, owner: byUser ? uid : null });
  }

  #started(): Promise<Running> {
    if (this.#closed) return Promise.reject(new HarnessError(`${this.#host.name}: the relay is closed`));
    this.#running ??= this.#start().catch((error: unknown) => {
      this.#running = undefined;
      throw error;
    });
    return this.#running;
  }

  async #ask<Name extends keyof RelayMethods>(
    { rpc }: Running,
    name: Name,
    given: GivenTo<RelayMethods, Name>,
  ): Promise<void> {
    const what = `the socket relay on ${this.#host.name} to answer`;
    try {
      await rpc.call(name, given, { deadline: { what, deadlineMs: answerMs } });
    } catch (error) {
      if (error instanceof RpcError) throw new HarnessError(`${this.#host.name}: ${error.message}`);
      throw error;
    }
  }

  async #start(): Promise<Running> {
    const running = await startProgram<RelayMethods>(this.#host, "relay", {
      peer: `the socket relay on ${this.#host.name}`,
      lost: (message) => new HarnessError(message),
    });
    const ended = () => {
      this.#running = undefined;
      this.#startAgain();
    };
    running.command.exit.then(ended, ended);
    await this.#ask(running, "ready", {});
    // After an interruption everything is served again.
    for (const carried of this.#carried.values()) await this.#order(running, carried);
    return running;
  }

  /** Engines call plugins when they like, not when this side next does something. */
  #startAgain(): void {
    const served = [...this.#carried.values()].some(({ byUser }) => !byUser);
    if (this.#closed || !served) return;
    until(
      { what: `the socket relay on ${this.#host.name} to run again`, deadlineMs: againMs, everyMs: 1_000 },
      async () => this.#closed || (await this.#started().then(() => true)),
    ).catch(() => {});
  }
}
