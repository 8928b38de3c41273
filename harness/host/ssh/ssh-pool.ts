import type { ClientChannel } from "ssh2";
import { HarnessError } from "#harness/core/errors.ts";
import { SshConnection } from "./ssh-connection.ts";
import type { SshTarget } from "./ssh-target.ts";

interface Member {
  readonly connection: SshConnection;
  /** Sessions that are open or being opened. */
  taken: number;
  /** Sessions that the server has refused since it last opened one, at times when none was ending. */
  refused: number;
  /** When a session last ended. */
  endedAt: number;
}

/** OpenSSH's default of `MaxSessions`. */
const usualSessions = 10;
/** For how long a server may count a session that has ended. */
const endingMs = 1_000;
/** Refusals in a row that show that a server takes fewer. */
const provenBy = 3;
/** Connections to one host from this process. */
const mostConnections = 8;
/** For how long a command waits for a session. */
const freeMs = 60_000;
const growAgainMs = 1_000;
/** How often a server may refuse a session although it has none open on that connection. */
const mostRefusals = 5;

/**
 * Connections to one host. Sessions go over the first one until the server refuses one more (`MaxSessions`, by default
 * 10; it need not be known beforehand); what it refused has not begun and goes over a further connection. A server
 * without such a limit is given one connection only.
 */
export class SshPool {
  /** Carries forwarded sockets, which do not count as sessions. */
  readonly first: SshConnection;
  readonly #members: Member[];
  readonly #waiting = new Set<() => void>();
  #sessions = Number.POSITIVE_INFINITY;
  #growing = false;
  #growAgainAt = 0;
  #refusal: Error | undefined;
  #closed = false;

  constructor(target: SshTarget) {
    this.first = new SshConnection(target);
    this.#members = [{ connection: this.first, taken: 0, refused: 0, endedAt: Number.NEGATIVE_INFINITY }];
  }

  /** How many connections there are, and how many sessions each can carry as far as is known. */
  get size(): { connections: number; sessions: number } {
    return { connections: this.#members.length, sessions: this.#sessions };
  }

  /** Like `SshConnection.exec`, on a connection that has room; `attach` is told which. */
  async exec<T>(line: string, attach: (channel: ClientChannel, connection: SshConnection) => T): Promise<T> {
    for (let barren = 0; ; ) {
      const member = await this.#take();
      const believed = this.#sessions;
      try {
        return await member.connection.exec(line, (channel) => {
          member.refused = 0;
          channel.once("close", () => {
            member.endedAt = performance.now();
            this.#giveBack(member);
          });
          return attach(channel, member.connection);
        });
      } catch (error) {
        const others = member.taken - 1;
        this.#giveBack(member);
        if (!isRefused(error)) throw error;
        // Of what was asked for in one go only the first refusal tells something; the server may end some meanwhile.
        if (believed !== this.#sessions) continue;
        // A server still counts a session that has just ended, so that a refusal below the usual number proves little.
        if (performance.now() - member.endedAt > endingMs) member.refused++;
        if (others >= usualSessions) this.#sessions = usualSessions;
        else if (others > 0 && member.refused >= provenBy) this.#sessions = others;
        else if (others === 0 && ++barren >= mostRefusals) {
          throw new HarnessError(`${this.first.target.name} opens no session: ${(error as Error).message}`, {
            hint: "look at MaxSessions in its sshd_config",
          });
        }
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    await Promise.all(this.#members.map(({ connection }) => connection.close()));
  }

  /** Reserves a session: one that comes free, or one of a further connection, whichever is there first. */
  async #take(): Promise<Member> {
    const { name } = this.first.target;
    const started = performance.now();
    for (;;) {
      if (this.#closed) throw new HarnessError(`the connection to ${name} is closed`);
      const free = this.#members.find((member) => member.taken < this.#sessions);
      if (free) {
        free.taken++;
        return free;
      }
      const waited = performance.now() - started;
      if (waited > freeMs) {
        const why = this.#refusal ? `; a further connection: ${this.#refusal.message}` : "";
        throw new HarnessError(
          `waited ${Math.round(waited)} ms for a session on ${name}: ${this.#members.length} connections with ${this.#sessions} each are in use${why}`,
        );
      }
      this.#grow();
      await this.#change(freeMs - waited);
    }
  }

  /** One connection at a time: servers refuse when too many knock at once (`MaxStartups`). */
  #grow(): void {
    if (this.#growing || this.#members.length >= mostConnections) return;
    if (performance.now() < this.#growAgainAt) return;
    const connection = new SshConnection(this.first.target);
    this.#growing = true;
    connection
      .open()
      .then(
        () => {
          this.#members.push({ connection, taken: 0, refused: 0, endedAt: Number.NEGATIVE_INFINITY });
        },
        (error: Error) => {
          this.#refusal = error;
          this.#growAgainAt = performance.now() + growAgainMs;
        },
      )
      .finally(() => {
        this.#growing = false;
        this.#wake();
      });
  }

  #change(atMostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(atMostMs, growAgainMs));
      this.#waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #giveBack(member: Member): void {
    member.taken--;
    this.#wake();
  }

  #wake(): void {
    for (const look of this.#waiting) look();
    this.#waiting.clear();
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof Error && /Channel open failure/.test(error.message);
}
