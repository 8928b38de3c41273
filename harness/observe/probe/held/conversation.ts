import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import { text } from "node:stream/consumers";
import { within } from "#harness/core/async/poll.ts";
import { DeadlineExceeded, Nonconformance, ProbeFailed } from "#harness/core/errors.ts";
import { uniqueMarker } from "#harness/host/agent/agent.ts";
import { programCall } from "#harness/host/agent/program.ts";
import type { RunningCommand } from "#harness/host/host.ts";
import type { Peer } from "#harness/observe/probe/service.ts";

/** Who talks, and the free TCP port of `to` on which it listens, over IPv4. */
export interface ConversationEnds {
  readonly from: Peer;
  readonly to: Peer;
  readonly port: number;
}

const answerMs = 10_000;

/** One TCP connection that is held open: what says whether it lives is a line that comes back. */
export class Conversation implements AsyncDisposable {
  readonly #ends: ConversationEnds;
  readonly #server: RunningCommand;
  readonly #client: RunningCommand;
  readonly #lines: Interface;
  readonly #said: Promise<string>;
  #exchanged = 0;

  private constructor(ends: ConversationEnds, server: RunningCommand, client: RunningCommand) {
    this.#ends = ends;
    this.#server = server;
    this.#client = client;
    this.#lines = createInterface(client.stdout);
    this.#said = text(client.stderr);
    client.stdin.on("error", () => {});
  }

  /** Connects, and has one line come back. Throws `Nonconformance` where none does. */
  static async start(ends: ConversationEnds): Promise<Conversation> {
    const { from, to, port } = ends;
    const server = await start(to, ["answer-lines", `${port}`]);
    try {
      const said = text(server.stderr);
      const ended = server.exit.then(async () => {
        throw new ProbeFailed(`the server on ${to.name} ended before it listened: ${(await said).trim()}`);
      });
      // It ends in the end, when nobody waits for it any more.
      ended.catch(() => {});
      const listens = Promise.race([once(server.stdout, "data"), ended]);
      await within({ what: `a server on ${to.name}`, deadlineMs: answerMs }, listens);
      const client = await start(from, ["exchange-lines", to.ip, `${port}`]);
      const conversation = new Conversation(ends, server, client);
      try {
        const lost = await conversation.exchange("as it begins");
        if (lost) throw lost;
        return conversation;
      } catch (error) {
        await conversation[Symbol.asyncDispose]();
        throw error;
      }
    } catch (error) {
      server.kill("KILL");
      throw error;
    }
  }

  /** Sends a line. Yields what is wrong where it does not come back before the deadline; `when` says when that was. */
  async exchange(when: string): Promise<Nonconformance | undefined> {
    const marker = uniqueMarker();
    const answer = once(this.#lines, "line").then(([line]: string[]) => line);
    const ended = this.#client.exit.then(() => this.#said);
    this.#client.stdin.write(`${marker}\n`);
    const what = "the line to come back";
    const got = await within({ what, deadlineMs: answerMs }, Promise.race([answer, ended])).catch(
      (error: Error) => {
        if (error instanceof DeadlineExceeded) return error.message;
        throw error;
      },
    );
    if (got === marker) {
      this.#exchanged++;
      return undefined;
    }
    const { from, to, port } = this.#ends;
    return new Nonconformance({
      who: `the TCP connection from ${from.name} to ${to.name} port ${port}, ${when}`,
      expected: `line ${this.#exchanged + 1} to come back`,
      got: got?.trim() || "the connection ended",
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.stdin.end();
    for (const command of [this.#client, this.#server]) {
      command.kill("KILL");
      await command.exit.catch(() => {});
    }
  }
}

async function start(peer: Peer, given: readonly string[]): Promise<RunningCommand> {
  const { host, netns } = await peer.agent();
  const { argv, input } = programCall(given);
  const command = await host.spawn([...(netns ? ["nsenter", `--net=${netns}`] : []), ...argv]);
  command.stdin.write(input);
  return command;
}
