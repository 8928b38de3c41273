import { rmSync } from "node:fs";
import { dirname } from "node:path";
import type { Duplex } from "node:stream";
import type { ServedSocket } from "#harness/core/rpc/socket.ts";
import type { AdministeredService } from "./admin/administered.ts";
import { serveAdmin } from "./admin/server.ts";
import type { CniAnswer } from "./cni/frontend.ts";
import type { CniCall } from "./cni/protocol/request.ts";
import { cniSocketPath, serveCall } from "./cni/protocol/server.ts";
import { EngineNetworks } from "./engine-networks.ts";
import { faultyAnswer } from "./faults/cni.ts";
import { forgetOnRestart } from "./faults/restart.ts";
import { type Frontend, type PluginNode, type PluginOptions, ReferencePlugin } from "./plugin.ts";

/** A node on which the plugin's socket appears. */
export interface ServedNode extends PluginNode {
  /** Makes `path` a socket on the node whose connections arrive in this process. */
  listen(path: string, onConnection: (stream: Duplex) => void): Promise<{ close(): Promise<void> }>;
}

export interface ServiceOptions extends PluginOptions {
  /** Name of the driver, as in `docker network create -d NAME`. */
  readonly name: string;
  /** Path of the plugin's socket on the nodes; default: where engines look for it. */
  readonly socket?: string;
  /** Path of the admin socket on this machine. */
  readonly adminSocket: string;
}

/** Where an engine looks for the plugin of that name. */
export function pluginSocketPath(name: string): string {
  return `/run/docker/plugins/${name}.sock`;
}

/** The plugin as a service: its sockets on all nodes, its administration, and its restart. */
export class ReferenceService implements AdministeredService {
  readonly #nodes: readonly ServedNode[];
  readonly #options: ServiceOptions;
  readonly #sockets: { close(): Promise<void> }[] = [];
  #plugin: ReferencePlugin;
  #admin: ServedSocket | undefined;
  #halted = false;
  /** What engines have of the plugin. */
  readonly engines: EngineNetworks;

  constructor(nodes: readonly ServedNode[], options: ServiceOptions) {
    this.#nodes = nodes;
    this.#options = options;
    this.engines = new EngineNetworks(nodes, options.name);
    this.#plugin = new ReferencePlugin(nodes, options);
  }

  /** The plugin that serves now; another one after a restart. */
  get plugin(): ReferencePlugin {
    return this.#plugin;
  }

  /** Brings the nodes in line with the state file and opens all sockets. Throws when a node lacks something. */
  async start(): Promise<void> {
    await this.#plugin.start();
    await this.#openSockets();
    this.#admin = await serveAdmin(this, this.#options.adminSocket);
  }

  /** Ends the plugin as a kill would, and starts another from the state file. What was being asked is cut off. */
  async restart(): Promise<void> {
    await this.#plugin.close();
    await this.#succeed();
  }

  /** Ends the plugin as a kill would: its sockets are closed. Its administration goes on. */
  async halt(): Promise<void> {
    if (this.#halted) return;
    this.#halted = true;
    await this.#closeSockets();
    await this.#plugin.close();
  }

  /** Starts another plugin from the state file, after `halt`; one that was not ended goes on. */
  async resume(): Promise<void> {
    if (!this.#halted) return;
    this.#halted = false;
    await this.#succeed();
    await this.#openSockets();
  }

  /** Stops serving; what exists on the nodes stays for the next start. */
  async stop(): Promise<void> {
    this.#closeAdmin();
    await this.#closeSockets();
    await this.#plugin.close();
  }

  /** Stops serving and removes everything that was made on the nodes, state file included. */
  async uninstall(): Promise<void> {
    this.#closeAdmin();
    await this.#closeSockets();
    await this.#plugin.uninstall();
    if (this.#options.stateFile) rmSync(this.#options.stateFile, { force: true });
  }

  /** Another plugin takes over from the state file. */
  async #succeed(): Promise<void> {
    const next = new ReferencePlugin(this.#nodes, this.#options);
    for (const fault of this.#plugin.faults) next.faults.add(fault);
    forgetOnRestart(next.model, next.faults);
    this.#plugin = next;
    await next.start();
  }

  async #openSockets(): Promise<void> {
    const { name: driver, socket = pluginSocketPath(driver), frontends = ["cnm"] } = this.#options;
    const sockets: Record<Frontend, { path: string; serve(node: string, stream: Duplex): void }> = {
      cnm: { path: socket, serve: (node, stream) => this.#plugin.server(node).serve(stream) },
      cni: {
        path: cniSocketPath,
        serve: (node, stream) => serveCall(stream, (call) => this.#answer(node, call)),
      },
    };
    for (const node of this.#nodes) {
      const { host } = node;
      for (const { path, serve } of frontends.map((frontend) => sockets[frontend])) {
        await host.run(["mkdir", "-p", dirname(path)]);
        // A socket whose plugin was killed stays, and not every sshd replaces it.
        await host.files.remove(path);
        this.#sockets.push(await node.listen(path, (stream) => serve(host.name, stream)));
      }
    }
  }

  #answer(node: string, call: CniCall): Promise<CniAnswer> {
    return faultyAnswer(this.#plugin.cni(node), call, this.#plugin.faults);
  }

  async #closeSockets(): Promise<void> {
    await Promise.all(this.#sockets.splice(0).map((socket) => socket.close()));
  }

  #closeAdmin(): void {
    this.#admin?.close();
  }
}
