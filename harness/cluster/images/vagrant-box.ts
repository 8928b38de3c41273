import { createHash } from "node:crypto";
import { access, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Progress } from "#harness/core/async/progress.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { withLock } from "#harness/core/process/lock.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { type EngineVersion, engines } from "#harness/core/settings/settings.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { installMissing, lastLines, type Tool } from "#harness/host/setup/install.ts";
import { type BootstrapSettings, bootstrap } from "#harness/host/setup/mmdebstrap.ts";
import { asRoot, probePrivilege } from "#harness/host/setup/privilege.ts";
import { nodePackages, systemOptions } from "./node-image.ts";

const vagrant = join(projectRoot, "vagrant");
const guest = join(vagrant, "box/guest.sh");
const pack = join(vagrant, "box/pack.sh");
const inputs = [
  "provision.sh",
  "netconform-node",
  "netconform-engine",
  "box/guest.sh",
  "box/pack.sh",
  "box/Vagrantfile",
];

const packers: readonly Tool[] = [
  { program: "mke2fs", packages: ["e2fsprogs"] },
  { program: "qemu-img", packages: ["qemu-utils"] },
  { program: "ssh-keygen", packages: ["openssh-client"] },
];

/** A box on this machine. */
export interface Box {
  /** e.g. `netconform/26.1-0f3a…`: another one is another system. */
  name: string;
  path: string;
}

/**
 * The box of virtual machines for the provider libvirt with that engine version: a node made from Debian packages, with a
 * kernel that is started directly. It lies in the cache; it is made when it is missing, and older ones of the version go.
 * Throws `UsageError` without root, since the file system of the box belongs to root.
 */
export async function ensureBox(
  version: EngineVersion,
  settings: BootstrapSettings,
  progress: Progress,
): Promise<Box> {
  const local = new LocalHost();
  const { suite } = engines[version];
  const packages = [
    ...(await nodePackages(version)),
    ...(await local.run([guest, "packages"])).trim().split("\n"),
  ];
  const options = [
    `--include=${packages.join(",")}`,
    ...systemOptions,
    '--essential-hook="$SOURCE"/box/guest.sh before "$1"',
    '--customize-hook="$SOURCE"/box/guest.sh after "$1"',
  ];
  const hash = createHash("sha256").update(JSON.stringify([suite, options]));
  for (const input of inputs) hash.update(await readFile(join(vagrant, input)));
  const name = `${version}-${hash.digest("hex").slice(0, 12)}`;
  const folder = join(settings.CACHE, "vagrant", "boxes");
  const path = join(folder, `${name}.box`);
  const box = { name: `netconform/${name}`, path };
  if (await exists(path)) return box;

  await withLock(
    path,
    async () => {
      if (await exists(path)) return;
      const privilege = await probePrivilege(local);
      if (privilege === "none") {
        throw new UsageError(
          "making a Vagrant box takes root, and neither root nor sudo without a password is at hand",
          {
            hint: "run as root once, or name a box with VAGRANT_BOX",
          },
        );
      }
      await installMissing(local, progress, packers, "making a Vagrant box");
      await mkdir(folder, { recursive: true });
      await bootstrap(settings, progress, {
        what: `the Vagrant box with Docker ${version}`,
        suite,
        options,
        source: vagrant,
        consume: async (archive) => {
          const packing = await local.spawn(asRoot(privilege, [pack, path]));
          let log = "";
          packing.stderr.on("data", (chunk: Buffer) => {
            log += chunk.toString();
          });
          packing.stdout.resume();
          // How it ended says more than that it stopped reading.
          const fed = pipeline(archive, packing.stdin).catch((error: Error) => error);
          const { code, signal } = await packing.exit;
          const broken = await fed;
          if (code !== 0 || broken) {
            throw new HarnessError(
              `packing ${path} failed (${code ?? signal ?? ""}): ${lastLines(log) || broken?.message}`,
            );
          }
        },
      });
      await removeOlder(folder, version, `${name}.box`);
    },
    { what: `making the box ${name}` },
  );
  return box;
}

async function removeOlder(folder: string, version: string, current: string): Promise<void> {
  const boxes = (await readdir(folder)).filter((name) => name.startsWith(`${version}-`) && name !== current);
  await Promise.all(boxes.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
