import { appendFileSync, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname } from "node:path";
import type { Duplex } from "node:stream";
import { type Connect, PluginClient, type PluginSocket } from "#harness/cnm/client/client.ts";
import { type Exchange, fieldsOf, nodeGivenUp, readExchange } from "#harness/cnm/protocol/exchange.ts";
import { Conversation, checkConversation, type HeldResources } from "#harness/cnm/rules/conversation.ts";
import { checkExchange, type RuleViolation } from "#harness/cnm/rules/rules.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import type { ActiveInjection, CallFault, Injection } from "./injection.ts";
import { ProxiedConnection } from "./proxied-connection.ts";

/**
 * A proxy between engines and one plugin. Bytes pass unchanged, each exchange is kept to be checked against
 * the protocol's rules, and faults can be injected into chosen calls. Works on streams: `listen` makes a local
 * socket, `handle` takes connections from elsewhere, e.g. from a plugin socket that SSH forwards from a node.
 */
export class RecordingProxy {
  readonly plugin: PluginSocket;
  readonly #transcript: string | undefined;
  readonly #exchanges: Exchange[] = [];
  readonly #conversation = new Conversation();
  readonly #injections = new Set<ActiveInjection>();
  readonly #connections = new Set<ProxiedConnection>();
  #connect: Connect;

  /** Closes with `scope`. `transcript` is a file that each exchange is appended to as a line of JSON. */
  constructor(scope: Scope, plugin: PluginSocket, options: { transcript?: string } = {}) {
    this.plugin = plugin;
    this.#connect = plugin.connect;
    this.#transcript = options.transcript;
    if (this.#transcript) mkdirSync(dirname(this.#transcript), { recursive: true });
    scope.defer(`the proxy before ${plugin.name}`, () => {
      for (const connection of this.#connections) connection.destroy();
    });
  }

  /** Everything that was said, in the order of the answers. What stands there is what the plugin answered, also under a fault. */
  get exchanges(): readonly Exchange[] {
    return this.#exchanges;
  }

  /**
   * Rules that the plugin broke after its first `from` exchanges. They are judged by themselves: what a plugin refused to
   * give back, and was told for once, is not held against everything that comes later.
   */
  findings(from = 0): readonly RuleViolation[] {
    const exchanges = this.#exchanges.slice(from);
    return [...exchanges.flatMap(checkExchange), ...checkConversation(exchanges)];
  }

  /** What the plugin lists in its answer to `Plugin.Activate`: the last one that was recorded, else it is asked for one, by the way that an engine last took. */
  async subsystems(): Promise<string[]> {
    const recorded = this.#exchanges.findLast(({ call, answer }) => call === "Plugin.Activate" && answer);
    const { answer } = recorded
      ? readExchange(recorded)
      : await new PluginClient({ ...this.plugin, connect: this.#connect }, "recorder").call(
          "Plugin.Activate",
        );
    const listed = fieldsOf(answer)?.Implements;
    return Array.isArray(listed) ? listed.map(String) : [];
  }

  /** What the plugin still holds; all empty when every create had its delete. */
  held(): HeldResources {
    return this.#conversation.held();
  }

  /** Says that `caller`'s node is lost for good: what its engine had is free without its word. */
  giveUp(caller: string): void {
    const now = Date.now();
    const nothing = { request: "", status: null, answer: null, startedAt: now, endedAt: now };
    this.#record({ plugin: this.plugin.name, caller, call: nodeGivenUp, ...nothing });
  }

  /** Injects a fault into the next calls that fit. */
  inject(injection: Injection): ActiveInjection {
    const active: ActiveInjection = {
      ...injection,
      used: 0,
      stop: () => void this.#injections.delete(active),
    };
    this.#injections.add(active);
    return active;
  }

  /** Takes one connection of `caller` (a node's name) to the plugin; `connect` is given where each node has a way of its own. */
  handle(stream: Duplex, caller: string, connect: Connect = this.plugin.connect): void {
    this.#connect = connect;
    const connection = new ProxiedConnection(stream, connect, {
      faultFor: (call) => this.#faultFor(call, caller),
      sent: (call, body) => this.#conversation.sent(call, body),
      ended: (exchange) => this.#record({ ...exchange, plugin: this.plugin.name, caller }),
      closed: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }

  /** Listens on a local socket; `scope` closes it and removes the file. */
  async listen(scope: Scope, path: string, caller = "local"): Promise<void> {
    const server = createServer((socket) => this.handle(socket, caller));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
    scope.defer(`the socket ${path}`, async () => {
      for (const connection of this.#connections) connection.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(path, { force: true });
    });
  }

  #faultFor(call: string, caller: string): CallFault | undefined {
    for (const injection of this.#injections) {
      if (injection.call !== call || (injection.caller ?? caller) !== caller) continue;
      injection.used++;
      if (injection.used >= (injection.times ?? 1)) injection.stop();
      return injection.fault;
    }
    return undefined;
  }

  #record(heard: Omit<Exchange, "id">): void {
    const exchange: Exchange = { id: this.#exchanges.length + 1, ...heard };
    this.#exchanges.push(exchange);
    if (this.#transcript) appendFileSync(this.#transcript, `${JSON.stringify(exchange)}\n`);
    this.#conversation.answered(exchange);
  }
}
