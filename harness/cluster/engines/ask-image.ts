import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import { ownerLabels } from "#harness/cluster/containers/labels.ts";
import { imageLabel, nodeHostConfig } from "#harness/cluster/images/node-contract.ts";
import { UsageError } from "#harness/core/errors.ts";
import { lastLines } from "#harness/host/setup/install.ts";

/** The version that dockerd of a node image tells, e.g. `28.5.2+dfsg2`. Throws `UsageError` with what it said instead. */
export async function askVersion(docker: Docker, image: string, what: string): Promise<string> {
  const { code, said } = await runIn(docker, image, ["dockerd", "--version"]);
  const version = /^Docker version ([^\s,]+)/m.exec(said)?.[1];
  if (code === 0 && version) return version;
  throw new UsageError(
    `${what}: expected its dockerd to say "Docker version …", got exit code ${code} and\n${firstLines(said) || "nothing"}`,
    { hint: "give ENGINE a Docker Engine whose programs run on Debian" },
  );
}

/** 20.10 has no way to check more than whether it knows the flags. */
const check = `dockerd "$@" --help >/dev/null || exit
  dockerd --help | grep -q -e --validate || exit 0
  dockerd "$@" --validate`;

/** Requires dockerd of a node image to take flags, given without their dashes. Throws `UsageError` with its reason. */
export async function checkFlags(
  docker: Docker,
  image: string,
  flags: readonly string[],
  what: string,
): Promise<void> {
  if (flags.length === 0) return;
  const given = flags.map((flag) => `--${flag}`);
  const { code, said } = await runIn(docker, image, ["sh", "-c", check, "sh", ...given]);
  if (code === 0) return;
  throw new UsageError(`${what} refuses ${given.join(" ")}:\n${reasonIn(said)}`, {
    hint: "correct the flags between the brackets of ENGINE, or those of --variant",
  });
}

function firstLines(text: string): string {
  return text.split("\n").slice(0, 3).join("\n");
}

/** Why dockerd refuses its command line, without its usage, which engines since 27 put behind the reason. */
export function reasonIn(said: string): string {
  const [before = ""] = said.split(/^(?:See 'dockerd --help'|Usage:)/m);
  return lastLines(before.replace(/^Status: /, "") || said, 5);
}

/** Runs a command in a container of a node image, with no network. When it resolves, the container is gone. */
export async function runIn(
  docker: Docker,
  image: string,
  argv: readonly string[],
): Promise<{ code: number; said: string }> {
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: [...argv],
    Tty: true,
    // By these the next run finds it when this one is killed.
    Labels: { ...imageLabel, ...ownerLabels() },
    HostConfig: { ...nodeHostConfig, AutoRemove: true, NetworkMode: "none" },
  });
  const output = await container.attach({ stream: true, stdout: true, stderr: true });
  // Asked before the start: afterwards the engine may have forgotten the container. Until it has, its image cannot be removed.
  const gone: Promise<{ StatusCode: number }> = container.wait({ condition: "removed" });
  const [{ StatusCode }, said] = await Promise.all([gone, text(output), container.start()]);
  return { code: StatusCode, said: said.replaceAll("\r", "").trim() };
}
