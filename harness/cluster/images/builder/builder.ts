import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { labelsOf } from "#harness/cluster/containers/labels.ts";
import { nodeHostConfig } from "#harness/cluster/images/node-contract.ts";
import { pullMissing } from "#harness/cluster/images/pull.ts";
import { forgetWhenInterrupted, removeWhenInterrupted } from "#harness/cluster/interruption.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { UsageError } from "#harness/core/errors.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import {
  type Bootstrap,
  type BootstrapSettings,
  bootstrap,
  consumeArchive,
  mirrorHint,
  mirrorOfApt,
  mmdebstrapArguments,
  otherwise,
  whyNoBootstrap,
} from "#harness/host/setup/mmdebstrap.ts";
import { takeApart } from "./attached.ts";

/** What building images takes of the settings. */
export type BuilderSettings = BootstrapSettings & Pick<Settings, "BUILDER">;

const script = join(import.meta.dirname, "in-container.sh");
/** Where hooks find the plan's folder in the container: an empty folder of any Debian. */
const source = "/mnt";

/**
 * Makes a file system of Debian packages with this machine's mmdebstrap, which is installed where it may be; where that cannot
 * be, in a container of the engine, from the image BUILDER. Throws `UsageError` where neither can be.
 */
export async function buildSystem(
  docker: Docker,
  settings: BuilderSettings,
  progress: Progress,
  plan: Bootstrap,
): Promise<void> {
  const obstacle = await whyNoBootstrap();
  if (obstacle === undefined) return bootstrap(settings, progress, plan);
  const { BUILDER } = settings;
  await progress
    .step(`looking for ${BUILDER}, since this machine builds no images`, () => pullMissing(docker, BUILDER))
    .catch((error: Error) => {
      throw new UsageError(
        `building ${plan.what}: ${obstacle}; for a container that builds it, expected an image ${BUILDER} that the Docker Engine has or can pull, got ${error.message}`,
        { hint: `name a Debian image that it has with BUILDER, or ${otherwise}`, cause: error },
      );
    });
  await progress.step(
    `building ${plan.what} from Debian ${plan.suite} in a container of ${BUILDER}`,
    (detail) => buildInContainer(docker, settings, plan, detail),
    { announce: true },
  );
}

/** The Debian mirror that a container is told of: `MIRROR`, or the one of this machine's apt. Throws `UsageError` without either. */
export async function mirrorForContainers({ MIRROR }: Pick<Settings, "MIRROR">): Promise<string> {
  const mirror = MIRROR ?? (await mirrorOfApt(new LocalHost()));
  if (mirror !== undefined) return mirror;
  throw new UsageError(
    "there is no Debian mirror to make the images from: this machine has no apt that knows one",
    {
      hint: `set MIRROR=URL to a Debian mirror, or ${otherwise}`,
    },
  );
}

async function buildInContainer(
  docker: Docker,
  settings: BuilderSettings,
  plan: Bootstrap,
  detail: (text: string) => void,
): Promise<void> {
  const mirror = plan.mirror ?? (await mirrorForContainers(settings));
  const id = `nc-${randomBytes(3).toString("hex")}-builder`;
  const container = await docker.createContainer({
    name: id,
    Image: settings.BUILDER,
    Entrypoint: ["sh", "-c", await readFile(script, "utf8"), "in-container.sh"],
    Cmd: [mirror, ...mmdebstrapArguments(plan, "root", mirror)],
    Env: [`SOURCE=${source}`, `APT_SOURCE=${plan.aptSource ?? ""}`],
    User: "0",
    // As a cluster's, so that the next run removes what a killed one left.
    Labels: labelsOf({ id, cache: settings.CACHE }),
    HostConfig: {
      // It mounts and changes its root, as nodes do.
      ...{ CapAdd: nodeHostConfig.CapAdd, SecurityOpt: nodeHostConfig.SecurityOpt },
      // The engine's host reaches a mirror and knows names where its bridges may not.
      NetworkMode: "host",
      // The engine would keep the whole archive as a log.
      LogConfig: { Type: "none", Config: {} },
    },
  });
  const remove = () => container.remove({ force: true, v: true });
  removeWhenInterrupted(id, remove);
  try {
    await container.putArchive(await pack(plan.source), { path: source });
    const attached = await container.attach({ stream: true, stdout: true, stderr: true });
    const streams = takeApart(attached as unknown as Readable);
    const ended: Promise<{ StatusCode: number }> = container.wait({ condition: "next-exit" });
    await container.start();
    const exit = ended.then(({ StatusCode }) => ({ code: StatusCode, signal: null }));
    await consumeArchive({ ...streams, exit }, plan, { hint: mirrorHint, detail });
  } finally {
    forgetWhenInterrupted(id);
    await remove();
  }
}

/** What is in a folder, as a tar archive. */
async function pack(folder: string): Promise<Readable> {
  // Without the variable the tar of macOS adds a file of attributes to each.
  const tar = await new LocalHost().spawn(["tar", "-c", "-f", "-", "-C", folder, "."], {
    env: { COPYFILE_DISABLE: "1" },
  });
  return tar.stdout;
}
