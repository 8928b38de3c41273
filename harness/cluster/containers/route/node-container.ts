import type Docker from "dockerode";
import type { HostConfig } from "dockerode";
import { GenericContainer, PullPolicy, Wait } from "testcontainers";
import { labelsOf } from "#harness/cluster/containers/labels.ts";
import { type NodeEnvironment, nodeHostConfig, nodeLogLines } from "#harness/cluster/images/node-contract.ts";
import { HarnessError } from "#harness/core/errors.ts";

/** What all containers and networks of a cluster have in common. */
export interface ClusterMark {
  readonly id: string;
  readonly nodeImage: string;
  /** Folder that holds the state of this cluster, to tell it from those of other users of the engine. */
  readonly cache: string;
}

/** A testcontainers container with what an engine inside needs, on networks in a fixed order. */
export class NodeContainer extends GenericContainer {
  #further: () => Promise<void> = async () => {};
  #id = "";
  /** What it said last, since a container that does not start is gone by the time that its failure is known. */
  #lastLines = "";

  readonly #name: string;

  constructor(mark: ClusterMark, name: string, environment: NodeEnvironment) {
    super(mark.nodeImage);
    this.#name = `${mark.id}-${name}`;
    Object.assign(this.hostConfig, structuredClone(nodeHostConfig) as Partial<HostConfig>);
    this.withName(this.#name)
      .withHostname(name)
      .withLabels(labelsOf(mark))
      .withEnvironment({ ...environment })
      .withAutoCleanup(false)
      .withPullPolicy(PullPolicy.neverPull())
      .withStartupTimeout(60_000)
      .withWaitStrategy(this.#untilReady());
  }

  /**
   * Starts it and waits for what the image says when it is ready. Throws `HarnessError`: with the engine's last lines as the
   * message where its engine does not start, else with the container's as the hint.
   */
  async boot(): Promise<void> {
    try {
      await this.start();
    } catch (error) {
      const refused = engineRefusal(this.#lastLines);
      throw new HarnessError(
        `${this.#name} (${this.imageName.string}) did not start: ${refused ?? (error as Error).message}`,
        {
          cause: error,
          ...(refused === undefined && this.#lastLines
            ? { hint: `its last lines:\n${this.#lastLines}` }
            : {}),
        },
      );
    }
  }

  /** As Testcontainers waits for a line, but it removes the container as soon as that has failed. */
  #untilReady(): ReturnType<typeof Wait.forLogMessage> {
    const strategy = Wait.forLogMessage(nodeLogLines.ready);
    const wait = strategy.waitUntilReady.bind(strategy);
    strategy.waitUntilReady = async (container, ...rest) => {
      try {
        await wait(container, ...rest);
      } catch (error) {
        this.#lastLines = await lastLines(container);
        throw error;
      }
    };
    return strategy;
  }

  /** Gives it more than what every container of the node image has. */
  withFurther(capabilities: readonly string[]): this {
    this.hostConfig.CapAdd = [...nodeHostConfig.CapAdd, ...capabilities];
    return this;
  }

  /** Without `address` with one that the engine chooses. */
  onNetwork(name: string, address?: string): this {
    const endpoint = address === undefined ? {} : { IPAMConfig: { IPv4Address: address } };
    this.createOpts.NetworkingConfig = { EndpointsConfig: { [name]: endpoint } };
    return this.withNetworkMode(name);
  }

  /** Makes a port of it a free one of the engine's host, at that address there. */
  publishing(port: string, hostIp: string): this {
    this.createOpts.ExposedPorts = { [port]: {} };
    this.hostConfig.PortBindings = { [port]: [{ HostIp: hostIp, HostPort: "" }] };
    return this;
  }

  /** Attached one after the other once the container runs, which is what makes them eth1 and eth2. */
  thenNetworks(docker: Docker, names: string[], addresses: string[]): this {
    this.#further = async () => {
      for (const [index, name] of names.entries()) {
        await docker.getNetwork(name).connect({
          Container: this.#id,
          EndpointConfig: { IPAMConfig: { IPv4Address: addresses[index] ?? "" } },
        });
      }
    };
    return this;
  }

  protected override async containerCreated(id: string): Promise<void> {
    this.#id = id;
  }

  protected override async containerStarting(): Promise<void> {
    await this.#further();
  }
}

/** What a node's log holds of an engine that ended before it answered: its last lines. `undefined` where none ended. */
export function engineRefusal(log: string): string | undefined {
  const [, said] =
    /netconform-engine: (dockerd ended before it answered; the end of [\s\S]*)/.exec(log) ?? [];
  return said?.trim();
}

async function lastLines(container: Docker.Container): Promise<string> {
  const log = await container
    .logs({ stdout: true, stderr: true, tail: 20 })
    .catch((error: Error) => Buffer.from(`no log: ${error.message}`));
  return log.toString("utf8").replaceAll(/[^\n\x20-\x7e]/g, "");
}
