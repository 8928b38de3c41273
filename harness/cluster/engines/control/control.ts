import type Docker from "dockerode";
import { nodeEngineCommand } from "#harness/cluster/images/node-contract.ts";
import { until } from "#harness/core/async/poll.ts";
import { Blocked } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import { commandFor, type Supervisor, supervisors } from "./supervisors.ts";

/** A host whose engine can be asked whether it answers. */
export interface EngineHost extends Host {
  readonly docker: Docker;
  /** What on its engine is somebody else's, for people; absent where nothing is known to be. */
  readonly holds?: string | undefined;
}

/** Containers get ten seconds to end before their engine does, and a busy host is slow to run the command. */
const actMs = 180_000;
const answerMs = 60_000;
const killMs = 20_000;

const find = `
if [ -x ${nodeEngineCommand} ]; then echo node
elif [ -d /run/systemd/system ] && systemctl cat docker.service >/dev/null 2>&1; then echo systemd
elif [ -x /etc/init.d/docker ]; then echo script
fi`;

/** The process of the engine: by its own file, and where it has none by its name. */
const findPid = "pid=$(cat /run/docker.pid 2>/dev/null || pidof -s dockerd)";

/** Starts and ends the engine of a host, by whatever supervises it there. */
export class EngineControl {
  readonly #host: EngineHost;
  readonly #supervisor: Supervisor;

  private constructor(host: EngineHost, supervisor: Supervisor) {
    this.#host = host;
    this.#supervisor = supervisor;
  }

  /** Changes nothing. Throws `Blocked` where the engine holds what is somebody else's, or nobody knows how it is started. */
  static async of(host: EngineHost): Promise<EngineControl> {
    if (host.holds !== undefined) {
      throw new Blocked(`the engine of ${host.name} is not ended: it holds ${host.holds}`);
    }
    const found = (await host.run(["sh", "-c", find])).trim();
    const supervisor = supervisors.find((one) => one === found);
    if (!supervisor) {
      throw new Blocked(
        `nobody knows how the engine of ${host.name} is started: it has neither systemd's docker.service nor /etc/init.d/docker`,
      );
    }
    return new EngineControl(host, supervisor);
  }

  /** Resolves when the engine answers. One that runs goes on. */
  async start(): Promise<void> {
    await this.#act("start");
    await this.#untilAnswers();
  }

  async stop(): Promise<void> {
    await this.#act("stop");
  }

  /** Ends it as its administrator does, and starts it again; resolves when it answers. */
  async restart(): Promise<void> {
    await this.#act("restart");
    await this.#untilAnswers();
  }

  /** Ends it without warning; resolves when it has ended. Some supervisors start it again by themselves. */
  async kill(): Promise<void> {
    const pid = (await this.#host.run(["sh", "-c", `${findPid}; kill -KILL "$pid" && echo "$pid"`])).trim();
    await until({ what: `the engine of ${this.#host.name} to end`, deadlineMs: killMs }, async () => {
      const ended = 'test "$(cat "/proc/$1/comm" 2>/dev/null)" != dockerd';
      return (await this.#host.exec(["sh", "-c", ended, "sh", pid])).code === 0;
    });
  }

  /** Has it read its configuration file again, as far as it does without a restart. */
  async reload(): Promise<void> {
    await this.#host.run(["sh", "-c", `${findPid}; kill -HUP "$pid"`]);
  }

  async #act(act: "start" | "stop" | "restart"): Promise<void> {
    await this.#host.run(commandFor(this.#supervisor, act), { deadlineMs: actMs });
  }

  async #untilAnswers(): Promise<void> {
    await until({ what: `the engine of ${this.#host.name} to answer`, deadlineMs: answerMs }, () =>
      this.#host.docker.ping().then(
        () => true,
        () => false,
      ),
    );
  }
}
