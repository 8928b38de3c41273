import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import type { Progress } from "#harness/core/async/progress.ts";
import { UsageError } from "#harness/core/errors.ts";
import { withLock } from "#harness/core/process/lock.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { type EngineVersion, engines, type Settings } from "#harness/core/settings/settings.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { type Bootstrap, type BootstrapSettings, bootstrap } from "#harness/host/setup/mmdebstrap.ts";
import { importArchive, splitImage } from "./import.ts";
import { imageLabel } from "./node-contract.ts";
import { ensurePulled } from "./pull.ts";

const vagrant = join(projectRoot, "vagrant");
const scripts = ["provision.sh", "netconform-node", "netconform-engine"].map((name) => join(vagrant, name));
const versionLabel = "netconform.engine";

const changes = [
  'ENTRYPOINT ["/usr/bin/tini", "--"]',
  'CMD ["/usr/local/sbin/netconform-node"]',
  "VOLUME /var/lib/docker",
];

/** How long an image that nobody uses stays: another run may be about to. */
const spareMs = 60 * 60_000;

/** What node images take of the settings. */
export type NodeImageSettings = BootstrapSettings & Pick<Settings, "NODE_IMAGE">;

/**
 * The name of the node image for an engine version: NODE_IMAGE where it is set, else `nodeImageName`.
 * Builds that one from Debian packages when the engine lacks it, once even if several runs ask, and then removes
 * unused older images of that version that this project made. Throws `UsageError` where NODE_IMAGE is no such image.
 */
export async function ensureNodeImage(
  docker: Docker,
  version: EngineVersion,
  settings: NodeImageSettings,
  progress: Progress,
): Promise<string> {
  if (settings.NODE_IMAGE !== undefined) return givenImage(docker, version, settings.NODE_IMAGE);
  const { suite } = engines[version];
  const options = await nodeOptions(version);
  const image = await nodeImageName(version);
  if (await exists(docker, image)) return image;

  await withLock(
    `${settings.CACHE} ${image}`,
    async () => {
      if (await exists(docker, image)) return;
      await build(docker, settings, progress, image, version, {
        what: `the node image with Docker ${version}`,
        suite,
        options,
        source: vagrant,
      });
      await removeOlder(docker, version, image);
    },
    { what: `building ${image}` },
  );
  return image;
}

/** The name of the node image that this version of the project builds: `netconform/node:<version>-<hash of its inputs>`. */
export async function nodeImageName(version: EngineVersion): Promise<string> {
  const { suite } = engines[version];
  const hash = createHash("sha256").update(JSON.stringify([suite, await nodeOptions(version), changes]));
  for (const script of scripts) hash.update(await readFile(script));
  return `netconform/node:${version}-${hash.digest("hex").slice(0, 12)}`;
}

async function nodeOptions(version: EngineVersion): Promise<string[]> {
  return [`--include=${(await nodePackages(version)).join(",")}`, ...systemOptions];
}

async function givenImage(docker: Docker, version: EngineVersion, image: string): Promise<string> {
  await ensurePulled(docker, image, "the Docker Engine", "NODE_IMAGE");
  const { Config } = await docker.getImage(image).inspect();
  const has = Config.Labels?.[versionLabel];
  if (has === version) return image;
  const got = has === undefined ? "an image that this project did not make" : `one with Docker ${has}`;
  throw new UsageError(
    `NODE_IMAGE=${image}: expected a node image with Docker ${version}, got ${got} (set in the environment)`,
    { hint: "correct NODE_IMAGE or ENGINE; `netconform images save` makes such images into a file" },
  );
}

/** The image gets its name only when the whole system has arrived. */
async function build(
  docker: Docker,
  settings: BootstrapSettings,
  progress: Progress,
  image: string,
  version: EngineVersion,
  plan: Omit<Bootstrap, "consume">,
): Promise<void> {
  const labels = { ...imageLabel, [versionLabel]: version };
  let id: string | undefined;
  try {
    await bootstrap(settings, progress, {
      ...plan,
      consume: async (archive) => {
        id = await importArchive(docker, archive, {
          changes: [...changes, ...Object.entries(labels).map(([key, value]) => `LABEL ${key}=${value}`)],
        });
      },
    });
    const [repo, tag] = splitImage(image);
    await docker.getImage(id ?? "").tag({ repo, tag });
  } catch (error) {
    if (id) await docker.getImage(id).remove();
    throw error;
  }
}

/** Removes images of this version that we made, that are not `current`, and that nothing uses. */
async function removeOlder(docker: Docker, version: EngineVersion, current: string): Promise<void> {
  const label = [...Object.entries(imageLabel), [versionLabel, version]].map((pair) => pair.join("="));
  const images = await docker.listImages({ filters: { label } });
  const spare = images.filter(
    (image) => !image.RepoTags?.includes(current) && Date.now() - image.Created * 1000 > spareMs,
  );
  for (const { Id } of spare) {
    await docker
      .getImage(Id)
      .remove()
      .catch((error: { statusCode?: number }) => {
        // 409: a container uses it; 404: another run was faster.
        if (error.statusCode !== 409 && error.statusCode !== 404) throw error;
      });
  }
}

async function exists(docker: Docker, image: string): Promise<boolean> {
  return docker
    .getImage(image)
    .inspect()
    .then(
      () => true,
      (error: { statusCode?: number }) => {
        if (error.statusCode === 404) return false;
        throw error;
      },
    );
}

/** The Debian packages of a node with that engine version. */
export async function nodePackages(version: EngineVersion): Promise<string[]> {
  const packages = await new LocalHost().run([scripts[0] ?? "", "packages", version]);
  return packages.trim().split("\n");
}

const unneeded = ["doc", "man", "info", "locale", "lintian", "bash-completion", "zsh"];

/** Options for mmdebstrap that make a system of those packages a node; hooks find this project's folder `vagrant` as `$SOURCE`. */
export const systemOptions: readonly string[] = [
  '--aptopt=APT::Install-Recommends "false"',
  "--variant=apt",
  "--components=main",
  "--dpkgopt=force-unsafe-io",
  ...unneeded.map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`),
  '--customize-hook=mkdir "$1/provision" && install "$SOURCE"/provision.sh "$SOURCE"/netconform-* "$1/provision"',
  '--customize-hook=chroot "$1" /provision/provision.sh configure',
  '--customize-hook=rm -r "$1/provision" "$1"/etc/ssh/ssh_host_*',
];
