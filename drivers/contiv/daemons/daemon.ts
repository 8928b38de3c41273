import { until } from "#harness/core/async/poll.ts";
import type { Host } from "#harness/host/host.ts";

/** Folder for everything that the driver puts on a node, logs excepted. */
export const folder = "/opt/netconform-contiv";
/** Folder for the logs of daemons that the driver starts; one file for each. */
export const logFolder = "/var/log/netconform-contiv";

/** A daemon to run on a node. */
export interface DaemonPlan {
  readonly name: string;
  readonly program: string;
  readonly argv: readonly string[];
  /** Its health check: whether it does its work, not whether there is a process. */
  readonly works: (host: Host) => Promise<boolean>;
  /** Shell lines before it starts and after it has come up; not for one that runs already. */
  readonly around?: { readonly before: string; readonly after: string };
}

const startMs = 60_000;

/** A daemon on a node, kept track of with Debian's start-stop-daemon. It outlives the SSH session that starts it. */
export class Daemon {
  readonly name: string;
  readonly host: Host;
  readonly #plan: DaemonPlan;
  readonly #match: readonly string[];

  constructor(host: Host, plan: DaemonPlan) {
    this.host = host;
    this.name = plan.name;
    this.#plan = plan;
    this.#match = ["--pidfile", `/run/netconform-contiv-${plan.name}.pid`, "--exec", plan.program];
  }

  /**
   * Starts it unless it runs, and waits for its health check. Throws `DeadlineExceeded` with the end of its
   * log.
   */
  async start(): Promise<void> {
    if (await this.runs()) return this.#untilItWorks();
    const { before = "true", after = "true" } = this.#plan.around ?? {};
    await this.host.run(["mkdir", "--parents", logFolder]);
    await this.host.run(["sh", "-c", before]);
    await this.host.run([
      ...["start-stop-daemon", "--start", "--oknodo", "--background", "--make-pidfile", ...this.#match],
      ...["--output", this.#log, "--", ...this.#plan.argv],
    ]);
    await this.#untilItWorks();
    await this.host.run(["sh", "-c", after]);
  }

  async #untilItWorks(): Promise<void> {
    let log = "";
    await until(
      { what: `${this.name} on ${this.host.name} to do its work`, deadlineMs: startMs, everyMs: 100 },
      async () => {
        if (await this.#plan.works(this.host)) return true;
        log = await this.lastWords();
        return false;
      },
      () => `its log ends with\n${log}`,
    );
  }

  /** Asks it to end, and ends it when it does not. */
  async stop(): Promise<void> {
    await this.#stop("TERM/10/KILL/10");
  }

  /** Ends it without warning. */
  async kill(): Promise<void> {
    await this.#stop("KILL/10");
  }

  async runs(): Promise<boolean> {
    return (await this.host.exec(["start-stop-daemon", "--status", ...this.#match])).code === 0;
  }

  /** The end of its log. */
  async lastWords(): Promise<string> {
    return (await this.host.exec(["tail", "--lines=5", this.#log])).stdout.trimEnd();
  }

  get #log(): string {
    return `${logFolder}/${this.name}.log`;
  }

  async #stop(schedule: string): Promise<void> {
    await this.host.run([
      ...["start-stop-daemon", "--stop", "--oknodo", "--remove-pidfile", "--retry", schedule, ...this.#match],
    ]);
  }
}

/** Whether a URL answers with a success; `socket`: through that unix socket of the host. */
export async function answers(host: Host, url: string, socket?: string): Promise<boolean> {
  const through = socket ? ["--unix-socket", socket] : [];
  const asked = await host.exec([
    ...["curl", "--silent", "--fail", "--output", "/dev/null", "--max-time", "5", ...through, url],
  ]);
  return asked.code === 0;
}
