import { createHash } from "node:crypto";
import { access, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { FoundVersions } from "#harness/cluster/engines/found-versions.ts";
import { nodePackages } from "#harness/cluster/engines/packages.ts";
import type { EngineRecipe, EngineSettings } from "#harness/cluster/engines/recipe.ts";
import { recipeOf } from "#harness/cluster/engines/recipes.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import type { EngineSource } from "#harness/core/engines/grammar.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { withLock } from "#harness/core/process/lock.ts";
import { disposableFolder } from "#harness/core/process/scratch.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { installMissing, lastLines, type Tool } from "#harness/host/setup/install.ts";
import { bootstrap } from "#harness/host/setup/mmdebstrap.ts";
import { asRoot, probePrivilege } from "#harness/host/setup/privilege.ts";
import { labelOf, systemOptions } from "./node-image.ts";

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

/** Has the version of the engine told among the builder's lines. */
const sayVersion = '--customize-hook=chroot "$1" dockerd --version >&2';
const versionSaid = /^Docker version ([^\s,]+)/;

/** A box on this machine. */
export interface Box {
  /** What its dockerd calls itself, or the beginning of it where the source says that. */
  version: string;
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
  source: EngineSource,
  settings: EngineSettings,
  progress: Progress,
): Promise<Box> {
  const local = new LocalHost();
  const recipe = await recipeOf(source, { settings, progress });
  const { suite, content } = recipe;
  const packages = [
    ...recipe.packages,
    ...(await nodePackages("none")),
    ...(await local.run([guest, "packages"])).trim().split("\n"),
  ];
  const options = [
    `--include=${packages.join(",")}`,
    ...systemOptions,
    '--essential-hook="$SOURCE"/box/guest.sh before "$1"',
    '--customize-hook="$SOURCE"/box/guest.sh after "$1"',
  ];
  const hash = createHash("sha256").update(JSON.stringify([suite, recipe.mirror ?? "", content, options]));
  for (const input of inputs) hash.update(await readFile(join(vagrant, input)));
  const label = labelOf(recipe);
  const name = `${label}-${hash.digest("hex").slice(0, 12)}`;
  const folder = join(settings.CACHE, "vagrant", "boxes");
  const path = join(folder, `${name}.box`);
  const found = new FoundVersions(settings);
  const box = async () => ({
    ...{ name: `netconform/${name}`, path },
    version: recipe.version ?? (await found.find(content)) ?? "",
  });
  if (await exists(path)) return box();

  await withLock(
    path,
    async () => {
      if (await exists(path)) return;
      using programs = disposableFolder();
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
      let told = "";
      await bootstrap(settings, progress, {
        what: `the Vagrant box with ${recipe.what}`,
        ...{ suite, mirror: recipe.mirror, aptSource: recipe.aptSource },
        options: [...(await programOptions(recipe, programs.path)), ...options, sayVersion],
        tell: (line) => {
          told = versionSaid.exec(line)?.[1] ?? told;
        },
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
      await found.keep(content, told);
      await removeOlder(folder, label, `${name}.box`);
    },
    { what: `making the box ${name}` },
  );
  return box();
}

/** Programs that come in no package are put before those that do. */
async function programOptions({ pack }: EngineRecipe, folder: string): Promise<string[]> {
  if (!pack) return [];
  return [`--customize-hook=tar-in "${await pack(folder)}" /usr/local/bin`];
}

async function removeOlder(folder: string, label: string, current: string): Promise<void> {
  const boxes = (await readdir(folder)).filter(
    (name) => name.slice(0, -"-0123456789ab.box".length) === label && name !== current,
  );
  await Promise.all(boxes.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
