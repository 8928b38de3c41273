import { readFile } from "node:fs/promises";
import overlay from "#drivers/overlay.ts";
import { AdminClient } from "#drivers/reference/admin/client.ts";
import { nameServersOf } from "#drivers/reference/driver/network.ts";
import { defaultTenant } from "#drivers/reference/model/state/state.ts";
import { serveNetctl } from "#drivers/reference/netctl/serve.ts";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Target } from "#harness/conformance/run/target.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, UsageError } from "#harness/core/errors.ts";
import { fill, wholeWord } from "#harness/tools/tutorial/mapping/apply.ts";
import { holdsFor, type Mapping, type Plugin } from "#harness/tools/tutorial/mapping/schema.ts";
import { onOneLine } from "#harness/tools/tutorial/parse/shell-line.ts";
import { managerOf, nodesById } from "#harness/workload/docker/service.ts";
import { awaitOverlayName, namedOnNetwork } from "./overlay-names.ts";
import { announceStarted } from "./started-containers.ts";

const prepareScript = new URL("prepare.sh", import.meta.url);

/** The cluster as a tutorial needs it, and what is known of it. */
export class Environment {
  readonly mapping: Mapping;
  readonly plugin: Plugin;
  readonly #target: Target;
  readonly #scope: Scope;
  readonly #admin: AdminClient | undefined;
  readonly #names: { text: string; live: string }[] = [];

  private constructor(scope: Scope, target: Target, mapping: Mapping, plugin: Plugin) {
    this.#scope = scope;
    this.mapping = mapping;
    this.plugin = plugin;
    this.#target = target;
    const { adminSocket } = target.state.attachment ?? {};
    this.#admin = plugin === "reference" && adminSocket ? new AdminClient(adminSocket) : undefined;
  }

  /** Puts onto the nodes what the mapping provides. `ownImage` is set where the workload image is the user's own. */
  static async prepare(
    scope: Scope,
    target: Target,
    {
      mapping,
      plugin,
      ownImage,
      progress,
    }: { mapping: Mapping; plugin: Plugin; ownImage: boolean; progress: Progress },
  ): Promise<Environment> {
    const environment = new Environment(scope, target, mapping, plugin);
    const { cluster } = target;
    const script = await readFile(prepareScript, "utf8");
    const prepare = (node: ClusterNode, args: readonly string[]) =>
      node.run(["sh", "-s", "--", ...args], { input: script });
    const provided = new Set(mapping.provide);
    await progress.step("putting onto the nodes what the text takes for granted", () =>
      Promise.all(
        cluster.nodes.map(async (node) => {
          if (provided.has("images")) {
            for (const [name, { command = "" }] of Object.entries(mapping.images)) {
              await prepare(node, ["image", cluster.image, name, command, ...(ownImage ? [] : ["nc"])]);
            }
          }
          if (provided.has("ifconfig")) {
            await prepare(node, ["ifconfig", cluster.image]).catch((error: Error) =>
              progress.say(error.message),
            );
          }
        }),
      ),
    );
    if (provided.has("swarm")) await overlay.install?.(scope, cluster, scope);
    if (provided.has("netctl") && environment.#admin) {
      await serveNetctl(scope, cluster, environment.#admin);
    }
    for (const { text, live, plugin: only } of mapping.names) {
      if (!holdsFor(only, plugin)) continue;
      const here = await environment.fill(live).catch((error: Error) => {
        // A command that needs it is told why it cannot run.
        if (!(error instanceof Blocked)) throw error;
      });
      if (here !== undefined) environment.#names.push({ text, live: here });
    }
    return environment;
  }

  get nodes(): readonly ClusterNode[] {
    return this.#target.cluster.nodes;
  }

  /** The node here for a name that the mapping gives, e.g. `node1`. */
  node(name: string): ClusterNode {
    const found = this.#target.cluster.nodes.find((node) => node.name === name);
    if (found) return found;
    throw new UsageError(
      `the mapping names the node ${name}, the cluster has ${this.#target.cluster.nodes.map((node) => node.name).join(", ")} (set NODES)`,
    );
  }

  /** A text with the facts of the cluster filled in. Throws `Blocked` where the cluster has none of the kind. */
  fill(text: string): Promise<string> {
    return fill(text, (name, args) => this.#fact(name, args));
  }

  async #fact(name: string, args: readonly string[]): Promise<string> {
    const { cluster } = this.#target;
    const [what = "", detail = ""] = name.split(".");
    if (/^node\d+$/.test(what)) {
      const node = cluster.nodes.find((one) => one.name === what);
      if (!node) throw new Blocked(`the cluster has no ${what} (set NODES)`);
      if (detail === "name") return node.name;
      if (detail in node.interfaces) return node.interfaces[detail as keyof typeof node.interfaces].address;
    }
    if (what === "external")
      return detail === "name" ? cluster.external.hostName : cluster.external.interfaces.management.address;
    if (what === "image") return cluster.image;
    if (what === "dns") return this.#dns(args[0] ?? "");
    if (what === "task-node") return (await this.#task(args[0] ?? "")).node.name;
    if (what === "task-container") return (await this.#task(args[0] ?? "")).container;
    throw new UsageError(
      `the mapping asks for {{${name}}}: expected {{nodeN.name}}, {{nodeN.control}}, {{external.name}}, {{image}}, {{dns N}}, {{task-node S}} or {{task-container S}}`,
    );
  }

  /** An output with the text's names in place of those of the cluster. */
  translateBack(output: string): string {
    // What the reader fills in is printed nowhere.
    return this.#names
      .filter(({ text: name }) => !/^<.*>$/.test(name))
      .reduce((text, { text: name, live }) => text.replaceAll(wholeWord(live), () => name), output);
  }

  /**
   * Waits, after a command on the node, for what a reader's slower hands would have waited for: the plugin is done with a container, and its
   * name is known on all nodes.
   */
  async settle(command: string, node: ClusterNode): Promise<void> {
    await announceStarted(this.#scope, node, onOneLine(command));
    const run = namedOnNetwork(onOneLine(command));
    if (run) await awaitOverlayName(this.nodes, run);
    const name = /^docker run .*--dns .*--name[= ](\S+)/.exec(command)?.[1];
    if (name !== undefined && this.#admin) await this.#admin.call("awaitName", { name }).catch(() => {});
  }

  /** Removes containers and services from the nodes, so that everything else can go. */
  async clear(): Promise<void> {
    // An engine waits half a minute for a plugin that does not answer, for every container.
    await this.#admin?.call("resume", {});
    const everything =
      "docker service ls --quiet 2>/dev/null | xargs -r docker service rm; docker ps --all --quiet | xargs -r docker rm --force";
    await Promise.all(this.#target.cluster.nodes.map((node) => node.exec(["sh", "-c", everything])));
  }

  /** Options by which a container asks the resolver of a plugin's network or group; nothing for other networks. */
  async #dns(reference: string): Promise<string> {
    if (!this.#admin) return "";
    const [name = "", tenant = defaultTenant] = reference.split("/");
    const groups = await this.#admin.call("listGroups", { tenant });
    const network = groups.find((group) => group.name === name)?.network ?? name;
    const resolver = await this.#admin.call("resolverOf", { tenant, network });
    if (!resolver) return "";
    const servers = [resolver, ...(await nameServersOf(managerOf(this.#target.cluster)))];
    return servers.map((server) => `--dns ${server} `).join("");
  }

  async #task(service: string): Promise<{ node: ClusterNode; container: string }> {
    const { cluster } = this.#target;
    const tasks = (await managerOf(cluster).docker.listTasks({
      filters: JSON.stringify({ service: [service], "desired-state": ["running"] }),
    })) as { NodeID: string; Status: { ContainerStatus?: { ContainerID: string } } }[];
    const [task] = tasks;
    const node = (await nodesById(cluster)).get(task?.NodeID ?? "");
    const container = task?.Status.ContainerStatus?.ContainerID;
    if (!node || !container) throw new Blocked(`service ${service} has no running task`);
    return { node, container: container.slice(0, 12) };
  }
}
