import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { type EngineVersion, engines, type Settings } from "#harness/config/settings.ts";
import { HarnessError } from "#harness/errors.ts";
import { LocalHost } from "#harness/host/local-host.ts";
import { imageLabel } from "#harness/images/node-contract.ts";
import type { Progress } from "#harness/progress.ts";
import { withLock } from "#harness/setup/lock.ts";
import { bootstrap, debianMirror } from "./mmdebstrap.ts";

const vagrant = join(import.meta.dirname, "../../vagrant");
const scripts = ["provision.sh", "netconform-node", "netconform-engine"].map((name) => join(vagrant, name));
const versionLabel = "netconform.engine";

const changes = [
  'ENTRYPOINT ["/usr/bin/tini", "--"]',
  'CMD ["/usr/local/sbin/netconform-node"]',
  "VOLUME /var/lib/docker",
];

/** How long an image that nobody uses stays: another run may be about to. */
const spareMs = 60 * 60_000;

/**
 * The name of the node image for an engine version, `netconform/node:<version>-<hash of its inputs>`.
 * Builds it from Debian packages when the engine lacks it, once even if several runs ask, and then removes
 * unused older images of that version that this project made.
 */
export async function ensureNodeImage(
  docker: Docker,
  version: EngineVersion,
  settings: Settings,
  progress: Progress,
): Promise<string> {
  const { suite } = engines[version];
  const options = await bootstrapOptions(version);
  const hash = createHash("sha256").update(JSON.stringify([suite, options, changes]));
  for (const script of scripts) hash.update(await readFile(script));
  const image = `netconform/node:${version}-${hash.digest("hex").slice(0, 12)}`;
  if (await exists(docker, image)) return image;

  const what = `building the node image with Docker ${version} from Debian ${suite}`;
  await withLock(`${settings.CACHE} ${image}`, async () => {
    if (await exists(docker, image)) return;
    const mirror = await debianMirror(settings);
    await progress.step(
      what,
      (detail) =>
        bootstrap(settings, {
          suite,
          options,
          mirror,
          detail,
          consume: (archive) => importNode(docker, archive, version),
        }).then(() => tagImported(docker, version, image)),
      { announce: true },
    );
    await removeOlder(docker, version, image);
  });
  return image;
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

async function bootstrapOptions(version: EngineVersion): Promise<string[]> {
  const packages = await new LocalHost().run([scripts[0] ?? "", "packages", version]);
  const unneeded = ["doc", "man", "info", "locale", "lintian", "bash-completion", "zsh"];
  return [
    "--variant=apt",
    "--components=main",
    `--include=${packages.trim().split("\n").join(",")}`,
    '--aptopt=APT::Install-Recommends "false"',
    "--dpkgopt=force-unsafe-io",
    ...unneeded.map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`),
    '--customize-hook=mkdir "$1/provision"',
    `--customize-hook=copy-in ${scripts.map((path) => `'${path}'`).join(" ")} /provision`,
    '--customize-hook=chroot "$1" /provision/provision.sh configure',
    '--customize-hook=rm -r "$1/provision" "$1"/etc/ssh/ssh_host_*',
  ];
}
