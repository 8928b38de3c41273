import { createInterface } from "node:readline";
import { until } from "#harness/core/async/poll.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { processesWith } from "#harness/core/process/process.ts";
import type { RunningCommand } from "#harness/host/host.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { hasVanished, tellEnd } from "./said.ts";
import { parseSshConfig, type SshAccess } from "./ssh-config.ts";

/** How long a machine may wait for its address before it is asked whether it hangs. */
const addressMs = 120_000;
const askEveryMs = 15_000;
/** Emulated machines take minutes; Vagrant itself gives up earlier. */
const upMs = 25 * 60_000;
const destroyMs = 5 * 60_000;
const farewellMs = 20_000;

export interface UpOptions {
  provider: string | undefined;
  /** Whether the machines have yet to be made nodes. */
  provision: boolean;
  /** Called with what Vagrant is doing, e.g. `tutorial-node1: Waiting for SSH to become available`. */
  detail: (text: string) => void;
  /** Starts a machine again, once, that has no address after two minutes of processor time, or idles without one. */
  reset?: ((machine: string) => Promise<void>) | undefined;
  /** Seconds of processor time that a machine has had since it was started; needed for `reset`. */
  processorTime?: ((machine: string) => Promise<number>) | undefined;
}

/** How often a command is given while things of others go under it. */
const attempts = 5;

/** Vagrant's command line on one set of machines, which the environment tells apart. */
export class Vagrant {
  readonly #env: Readonly<Record<string, string>>;
  readonly #local = new LocalHost();
  #up: RunningCommand | undefined;

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  /**
   * `vagrant up`. Throws `UsageError` when the provider is not there or not usable, `HarnessError` with what Vagrant
   * said last when a machine does not come up.
   */
  async up(options: UpOptions): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const said = await this.#attempt(options);
      if (said === undefined) return;
      if (attempt === attempts || !hasVanished(said)) throw failure(options.provider, said);
      options.detail(
        "again, since a container or network of somebody else went while Vagrant looked at all of them",
      );
    }
  }

  /** Resolves to all that Vagrant said when it failed. */
  async #attempt({
    provider,
    provision,
    detail,
    reset,
    processorTime,
  }: UpOptions): Promise<string | undefined> {
    const command = await this.#local.spawn(
      [
        ...["vagrant", "up", provision ? "--provision" : "--no-provision"],
        ...(provider ? [`--provider=${provider}`] : []),
      ],
      { env: this.#env },
    );
    this.#up = command;
    command.stdin.end();
    const said: string[] = [];
    const watch = new AddressWatch(processorTime, async (machine) => {
      said.push(`${machine} had no address for too long and was started again`);
      await reset?.(machine);
    });
    const listen = (line: string) => {
      if (line.trim() && !line.includes("Progress: ")) said.push(line);
      const [, machine, text] = /^(?:==>|\s{3})\s(\S+): (.*)$/.exec(line) ?? [];
      if (!machine || !text) return;
      detail(`${machine}: ${text.trim()}`);
      watch.saw(machine, text);
    };
    createInterface({ input: command.stdout }).on("line", listen);
    createInterface({ input: command.stderr }).on("line", listen);
    const timer = setTimeout(() => command.kill("KILL"), upMs);
    const { code, signal } = await command.exit.finally(() => {
      clearTimeout(timer);
      watch.close();
      this.#up = undefined;
    });
    if (code === 0) return undefined;
    return `${said.join("\n")}\n(exit ${code ?? signal})`;
  }

  /** Ends a `vagrant up` that is under way, and waits until it has ended. */
  async abort(): Promise<void> {
    const up = this.#up;
    if (!up) return;
    up.kill("INT");
    const timer = setTimeout(() => up.kill("KILL"), farewellMs);
    await up.exit.finally(() => clearTimeout(timer));
  }

  /** Ends what a run that was killed still has under way on these machines, where the system shows the environment of processes. */
  async endOrphans(): Promise<void> {
    const mine = `VAGRANT_DOTFILE_PATH=${this.#env.VAGRANT_DOTFILE_PATH}`;
    const signal = (name: NodeJS.Signals) => {
      const found = processesWith(mine);
      for (const pid of found) {
        try {
          process.kill(pid, name);
        } catch {
          // It has ended in the meantime.
        }
      }
      return found.length === 0;
    };
    if (signal("SIGINT")) return;
    const gone = () => processesWith(mine).length === 0;
    await until({ what: "an orphaned vagrant to end", deadlineMs: farewellMs }, gone).catch(() =>
      until({ what: "an orphaned vagrant to end after SIGKILL", deadlineMs: 5_000 }, () => signal("SIGKILL")),
    );
  }

  /** How to reach the machines that run. */
  async access(): Promise<SshAccess[]> {
    return parseSshConfig(
      await this.#local.run(["vagrant", "ssh-config"], { env: this.#env, deadlineMs: 120_000 }),
    );
  }

  /** `vagrant destroy -f`. Throws `HarnessError` when a machine would not go. */
  async destroy(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const { code, stdout, stderr } = await this.#local.exec(["vagrant", "destroy", "--force"], {
        env: this.#env,
        deadlineMs: destroyMs,
      });
      if (code === 0) return;
      const said = `${stdout}\n${stderr}`;
      if (attempt < attempts && hasVanished(said)) continue;
      throw new HarnessError(`vagrant destroy failed (${code}): ${tellEnd(said)}`);
    }
  }
}

function failure(provider: string | undefined, said: string): HarnessError {
  if (
    /provider '?\S+'? (could not be found|that was requested)|isn't usable|No usable default provider/.test(
      said,
    )
  ) {
    return new UsageError(`Vagrant has no provider ${provider ?? "that works here"}:\n${tellEnd(said)}`, {
      hint: "docs/vagrant.md says what each provider needs; VAGRANT_PROVIDER chooses one",
    });
  }
  return new HarnessError(`vagrant up failed:\n${tellEnd(said)}`, {
    hint: "docs/vagrant.md lists what is known to go wrong",
  });
}

/**
 * Notices machines that hang while they wait for an address. An emulated machine that shares a processor with others
 * takes its time, and a reset would take that away from it: what counts is the processor time that it has had.
 */
class AddressWatch {
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  readonly #told = new Set<string>();
  readonly #processorTime: UpOptions["processorTime"];
  readonly #tell: (machine: string) => Promise<void>;

  constructor(processorTime: UpOptions["processorTime"], tell: (machine: string) => Promise<void>) {
    this.#processorTime = processorTime;
    this.#tell = tell;
  }

  saw(machine: string, text: string): void {
    clearTimeout(this.#waiting.get(machine));
    this.#waiting.delete(machine);
    if (!/waiting for domain to get an ip address/i.test(text) || this.#told.has(machine)) return;
    this.#askIn(addressMs, machine);
  }

  close(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }

  #askIn(milliseconds: number, machine: string, before?: number): void {
    const timer = setTimeout(() => void this.#ask(machine, before), milliseconds);
    this.#waiting.set(machine, timer);
  }

  async #ask(machine: string, before = Number.NEGATIVE_INFINITY): Promise<void> {
    const used = await this.#processorTime?.(machine).catch(() => undefined);
    if (used === undefined || Number.isNaN(used) || !this.#waiting.has(machine)) return;
    const idles = used - before < 0.2;
    if (!idles && used * 1000 < addressMs) return this.#askIn(askEveryMs, machine, used);
    this.#told.add(machine);
    await this.#tell(machine);
  }
}
