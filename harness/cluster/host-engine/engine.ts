import { homedir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import type { Progress } from "#harness/core/async/progress.ts";
import { type HarnessError, UsageError } from "#harness/core/errors.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { passOn, readSession } from "#harness/core/settings/session.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { findProgram, imageBuilder, installMissing, type Tool } from "#harness/host/setup/install.ts";
import { probePrivilege } from "#harness/host/setup/privilege.ts";
import { PrivateEngine } from "./private-engine.ts";
import { type SshWay, useSshEngine } from "./ssh-engine.ts";

/** The Docker Engine on this machine in which node containers run. */
export interface Engine {
  readonly docker: Docker;
  /** Its address as `DOCKER_HOST` has it, e.g. `unix:///var/run/docker.sock`. */
  readonly host: string;
  /** e.g. `26.1.5+dfsg1`. */
  readonly version: string;
  /** The way to its host, where `host` is `ssh://…`. */
  readonly ssh?: SshWay;
  /** Whether the project started it. */
  readonly private: boolean;
  /**
   * Ends this use of it. The last use of a private engine stops it, unless containers of a kept cluster run in it
   * or `keep` is set.
   */
  release(options?: { keep?: boolean }): Promise<void>;
}

const dockerd: Tool = { program: "dockerd", packages: ["docker.io"] };

/**
 * A Docker Engine that answers: the one `DOCKER_HOST` names, else the one on a usual socket, else a private one, for
 * which missing packages are installed. Testcontainers in this process and its children uses the same one.
 * Throws `UsageError` when there is none and none can be started.
 */
export async function ensureEngine(settings: Pick<Settings, "CACHE">, progress: Progress): Promise<Engine> {
  const local = new LocalHost();
  const own = new PrivateEngine(settings, local);
  const { dockerHost: named } = readSession();
  if (named !== `unix://${own.socket}`) {
    if (named?.startsWith("ssh://")) return useEngine(await overSsh(named));
    for (const host of named ? [named] : usualSockets()) {
      const docker = connect(host);
      const version = await versionOf(docker).catch((error: Error) => {
        if (named) throw noAnswer(named, error);
      });
      if (version) return useEngine({ docker, host, version, private: false, release: async () => {} });
    }
  }
  await installMissing(local, progress, [dockerd, imageBuilder], "no Docker Engine answers");
  const program = await findProgram(local, dockerd.program);
  if (!program || (await probePrivilege(local)) === "none") {
    throw new UsageError(
      `no Docker Engine answers at ${usualSockets().join(" or ")}, and starting one takes root`,
      {
        hint: "start this machine's Docker Engine and join its group, or run as root or with sudo without a password",
      },
    );
  }
  await progress.step("starting a private Docker Engine", () => own.enter(program));
  return useEngine({
    docker: own.docker,
    host: `unix://${own.socket}`,
    version: await versionOf(own.docker),
    private: true,
    async release({ keep = false } = {}) {
      if (keep) return;
      await progress.step("stopping the private Docker Engine", () => own.leave());
    },
  });
}

/** Stops the private engine, with what still runs in it, unless another run uses it. */
export async function stopPrivateEngine(settings: Pick<Settings, "CACHE">): Promise<void> {
  await new PrivateEngine(settings, new LocalHost()).leave({ force: true });
}

/** Testcontainers reads the environment; its own reaper is an image that cannot be had offline. */
function useEngine(engine: Engine): Engine {
  passOn({ DOCKER_HOST: engine.host, TESTCONTAINERS_RYUK_DISABLED: "true" });
  return engine;
}

function usualSockets(): string[] {
  const { runtimeFolder: runtime } = readSession();
  return [
    "/var/run/docker.sock",
    ...(runtime ? [join(runtime, "docker.sock")] : []),
    join(homedir(), ".docker/run/docker.sock"),
  ].map((path) => `unix://${path}`);
}

async function overSsh(host: string): Promise<Engine> {
  const { docker, release, ...ssh } = await useSshEngine(host);
  try {
    return { docker, host, ssh, version: await versionOf(docker), private: false, release };
  } catch (error) {
    await release();
    // Of a key that is not known or not there; it says itself what to do.
    throw error instanceof UsageError ? error : noAnswer(host, error as Error);
  }
}

/** dockerode reads addresses other than sockets from the environment, so they are handed over by it. */
function connect(host: string): Docker {
  if (host.startsWith("unix://")) return new Docker({ socketPath: host.slice("unix://".length) });
  return new Docker();
}

async function versionOf(docker: Docker): Promise<string> {
  return (await docker.version()).Version;
}

function noAnswer(host: string, cause: Error): HarnessError {
  return new UsageError(`DOCKER_HOST=${host}: expected a Docker Engine that answers, got ${cause.message}`, {
    hint: "correct DOCKER_HOST, or unset it to use this machine's engine or a private one",
    cause,
  });
}
