import { until } from "#harness/core/async/poll.ts";
import type { Host } from "#harness/host/host.ts";
import { type BirdSession, readSessions } from "./sessions.ts";

const startsMs = 10_000;
const stopsMs = 30_000;

/**
 * One BIRD (Debian's package bird2) on a host, in a network namespace of it where one is named. It runs with the
 * configuration that it is given, and with files of its own below /run.
 */
export class Bird {
  readonly #host: Host;
  readonly #prefix: readonly string[];
  readonly #files: { readonly [name in "folder" | "config" | "socket" | "pid" | "logs"]: string };

  /** `name` tells several on one host apart; `netns` is a name as `ip netns` knows it. */
  constructor(host: Host, { name, netns }: { name: string; netns?: string }) {
    const folder = `/run/netconform-bird-${name}`;
    this.#host = host;
    this.#prefix = netns === undefined ? [] : ["ip", "netns", "exec", netns];
    this.#files = {
      folder,
      config: `${folder}/bird.conf`,
      socket: `${folder}/bird.ctl`,
      pid: `${folder}/bird.pid`,
      // Where evidence of a failure is looked for.
      logs: `/var/log/netconform-bird-${name}`,
    };
  }

  /** Whether the host has the programs. */
  static async isInstalledOn(host: Host): Promise<boolean> {
    const found = await host.exec(["sh", "-c", "command -v bird && command -v birdc"]);
    return found.code === 0;
  }

  /** Starts it, or gives one that runs another configuration. Throws `CommandFailed` with its words where it refuses that. */
  async run(config: string): Promise<void> {
    const { folder, config: file, socket, pid, logs } = this.#files;
    await this.#host.run(["mkdir", "--parents", folder, logs]);
    await this.#host.files.write(file, `${this.#logging}${config}`);
    if (await this.runs()) {
      await this.command("configure");
      return;
    }
    await this.#host.run([...this.#prefix, "bird", "-c", file, "-s", socket, "-P", pid]);
    // It writes its process id once it is in the background.
    await until({ what: `BIRD on ${this.#host.name} to run`, deadlineMs: startsMs }, () => this.runs());
  }

  /** The configuration that it was started with last; undefined where it does not run. */
  async configuration(): Promise<string | undefined> {
    if (!(await this.runs())) return undefined;
    return (await this.#host.files.readText(this.#files.config)).replace(this.#logging, "");
  }

  get #logging(): string {
    return `log "${this.#files.logs}/bird.log" all;\n`;
  }

  async runs(): Promise<boolean> {
    const alive = await this.#host.exec(["sh", "-c", 'kill -0 "$(cat "$1")"', "sh", this.#files.pid]);
    return alive.code === 0;
  }

  /** Every BGP session that it is configured for, by the name of its protocol. */
  async sessions(): Promise<BirdSession[]> {
    return readSessions(await this.command("show", "protocols"));
  }

  /** A command as `birdc` takes it. Resolves to the answer; throws `CommandFailed` where there is none. */
  command(...words: string[]): Promise<string> {
    return this.#host.run(["birdc", "-s", this.#files.socket, ...words]);
  }

  /** Ends it, which closes its sessions and takes its routes out of the kernel. One that has ended is what the caller wants. */
  async stop(): Promise<void> {
    if (await this.runs()) {
      await this.#host.exec(["birdc", "-s", this.#files.socket, "down"]);
      await until(
        { what: `BIRD on ${this.#host.name} to end`, deadlineMs: stopsMs },
        async () => !(await this.runs()),
      );
    }
    await this.#host.run(["rm", "-rf", this.#files.folder, this.#files.logs]);
  }
}
