import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { z } from "zod";

const event = z.looseObject({
  Type: z.literal("network"),
  Action: z.string(),
  Actor: z.looseObject({ Attributes: z.looseObject({ container: z.string().optional() }) }),
});

/** Names under which a container is to be found, by endpoint id. */
export type NamesByEndpoint = ReadonlyMap<string, readonly string[]>;

/**
 * Learns the names of containers from an engine. The protocol does not carry them, so they come from the engine's
 * events, after the endpoint was made and outside of any call: an engine that waits for a plugin answers no
 * requests.
 */
export class NameWatch {
  /** Name of the engine's node. */
  readonly node: string;
  readonly #docker: Docker;
  readonly #learned: (names: NamesByEndpoint) => Promise<void>;
  #events: Readable | undefined;

  constructor(node: string, docker: Docker, learned: (names: NamesByEndpoint) => Promise<void>) {
    this.node = node;
    this.#docker = docker;
    this.#learned = learned;
  }

  /** Reads the containers that are there and follows the engine until `stop`, also across its restarts. */
  async start(): Promise<void> {
    const events = (await this.#docker.getEvents({
      filters: { type: ["network"], event: ["connect"] },
    })) as unknown as Readable;
    this.#events = events;
    const lines = createInterface({ input: events });
    lines.on("line", (line) => this.#onEvent(line));
    // An engine that stops cuts the stream; the caller sees that in `following`.
    for (const emitter of [events, lines]) emitter.on("error", () => {});
    const running = await this.#docker.listContainers();
    await Promise.all(running.map(({ Id }) => this.#learn(Id)));
  }

  /** Whether the engine was followed, and has ended. */
  get lost(): boolean {
    return this.#events !== undefined && !this.following;
  }

  /** Whether the stream of events is open. */
  get following(): boolean {
    return this.#events !== undefined && !this.#events.destroyed && !this.#events.readableEnded;
  }

  stop(): void {
    this.#events?.destroy();
    this.#events = undefined;
  }

  #onEvent(line: string): void {
    if (line.trim() === "") return;
    const { container } = event.parse(JSON.parse(line)).Actor.Attributes;
    if (container) this.#learn(container).catch(() => {});
  }

  /** A container that has gone meanwhile has no names. */
  async #learn(container: string): Promise<void> {
    const inspected = await this.#docker
      .getContainer(container)
      .inspect()
      .catch(() => undefined);
    if (!inspected) return;
    const names = new Map<string, readonly string[]>();
    for (const network of Object.values(inspected.NetworkSettings.Networks)) {
      if (!network.EndpointID) continue;
      const aliases = (network.Aliases as string[] | null) ?? [];
      names.set(network.EndpointID, [...new Set([inspected.Name.replace(/^\//, ""), ...aliases])]);
    }
    await this.#learned(names);
  }
}
