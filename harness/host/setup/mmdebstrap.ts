import { chmod, mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { until } from "#harness/core/async/poll.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { DiskFull } from "#harness/core/process/draft.ts";
import { isAlive, ownIdentity, processesWith } from "#harness/core/process/process.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { typed } from "#harness/core/typed.ts";
import type { Host, RunningCommand } from "#harness/host/host.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { findProgram, imageBuilder, installMissing, updatePackageLists, whyNoInstall } from "./install.ts";
import { asRoot, type Privilege, probePrivilege } from "./privilege.ts";

/** What making a file system of Debian packages takes of the settings. */
export type BootstrapSettings = Pick<Settings, "CACHE" | "MIRROR">;

/** The Debian mirror that images are made from: `MIRROR`, or the one this machine's apt uses. Throws `UsageError`. */
export async function debianMirror(
  settings: Pick<Settings, "MIRROR">,
  local: Host,
  progress: Progress,
): Promise<string> {
  if (settings.MIRROR) return settings.MIRROR;
  let mirror = await mirrorOfApt(local);
  if (!mirror && (await findProgram(local, "apt-get"))) {
    // Who publishes an archive is told by its package lists, and a fresh machine may have none.
    await updatePackageLists(local, progress);
    mirror = await mirrorOfApt(local);
  }
  if (mirror) return mirror;
  throw new UsageError("this machine's apt knows no Debian mirror to make the images from", {
    hint: "set MIRROR=URL to a Debian mirror",
  });
}

/** The Debian mirror that this machine's apt uses, as far as its package lists tell. */
export async function mirrorOfApt(local: Host): Promise<string | undefined> {
  const targets = await local.exec([
    "apt-get",
    "indextargets",
    "--format",
    "$(ORIGIN)\t$(LABEL)\t$(REPO_URI)",
    "Created-By: Packages",
  ]);
  return targets.code === 0 ? findDebian(targets.stdout) : undefined;
}

/** The Debian archive itself among `ORIGIN<tab>LABEL<tab>URI` lines; its security archive has another label. */
export function findDebian(targets: string): string | undefined {
  const rows = targets.split("\n").map((line) => line.split("\t"));
  return rows.find(([origin, label]) => origin === "Debian" && label === "Debian")?.[2];
}

export interface Bootstrap {
  /** What is built, as it reads in messages. */
  what: string;
  suite: string;
  /** Mirror of that suite; default: `debianMirror`. */
  mirror?: string | undefined;
  /** A further apt source, in deb822 format. */
  aptSource?: string | undefined;
  /** Options for mmdebstrap: variant, packages, hooks. */
  options: readonly string[];
  /** Is told every line that the builder and its hooks say. */
  tell?: (line: string) => void;
  /** Folder that hooks find as `$SOURCE`, so that the options do not depend on where the project lies. */
  source: string;
  /** Reads the tar archive of the system while it is written. */
  consume: (archive: Readable) => Promise<void>;
}

/** What to do where images cannot be built. */
export const otherwise = `bring the images from a machine that can build them: ${typed("images save")}, load`;

/**
 * Why `bootstrap` cannot work on this machine; `undefined` where it can, if need be after the installation of what it
 * takes.
 */
export async function whyNoBootstrap(): Promise<string | undefined> {
  const local = new LocalHost();
  if (!(await findProgram(local, imageBuilder.program))) {
    const obstacle = await whyNoInstall(local);
    return obstacle && `${imageBuilder.program} missing, and ${obstacle}`;
  }
  if ((await probePrivilege(local)) !== "none") return undefined;
  const { code } = await local.exec(["unshare", "--map-auto", "--map-root-user", "true"]);
  return code === 0
    ? undefined
    : "neither root, nor sudo without a password, nor user namespaces with subordinate ids at hand";
}

const temporaryPrefix = "mmdebstrap-";

/** Runs mmdebstrap in a temporary folder that is gone afterwards. Signatures are checked against Debian's keyring. */
export async function bootstrap(
  settings: BootstrapSettings,
  progress: Progress,
  plan: Bootstrap,
): Promise<void> {
  const local = new LocalHost();
  await installMissing(local, progress, [imageBuilder], "building images", otherwise);
  const mirror = plan.mirror ?? (await debianMirror(settings, local, progress));
  const privilege = await probePrivilege(local);
  await sweepTemporary(settings, local, privilege);
  // Without root the build runs under subordinate ids, which may not enter the user's cache folder.
  const parent = privilege === "none" ? tmpdir() : join(settings.CACHE, "tmp");
  await mkdir(parent, { recursive: true });
  // Several targets of one run build at the same time.
  const folder = await mkdtemp(join(parent, `${temporaryPrefix}${ownIdentity().replace(":", "-")}-`));
  await chmod(folder, privilege === "none" ? 0o1777 : 0o755);
  const aptSource = join(folder, "further.sources");
  if (plan.aptSource !== undefined) await writeFile(aptSource, plan.aptSource);
  const argv = [
    "env",
    `TMPDIR=${folder}`,
    `SOURCE=${plan.source}`,
    "mmdebstrap",
    ...mmdebstrapArguments(plan, privilege === "none" ? "unshare" : "root", mirror),
    ...(plan.aptSource === undefined ? [] : [aptSource]),
  ];
  const hint =
    privilege === "none"
      ? "run as root, allow sudo without a password, or enable user namespaces with subordinate ids (package uidmap)"
      : mirrorHint;
  try {
    await progress.step(
      `building ${plan.what} from Debian ${plan.suite}`,
      async (detail) => consumeArchive(await local.spawn(asRoot(privilege, argv)), plan, { hint, detail }),
      { announce: true },
    );
  } finally {
    await removeFolder(local, privilege, folder);
  }
}

/** What mmdebstrap is called with, wherever it runs: the archive goes to stdout. */
export function mmdebstrapArguments(
  { options, suite }: Pick<Bootstrap, "options" | "suite">,
  mode: "root" | "unshare",
  mirror: string,
): string[] {
  return [
    `--mode=${mode}`,
    // The archive may be a snapshot, whose release files are past their date.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--aptopt=Acquire::Languages "none"',
    "--format=tar",
    ...options,
    suite,
    "-",
    mirror,
  ];
}

/** What a user can try whose build failed. */
export const mirrorHint =
  "check that the mirror can be reached and carries the suite; MIRROR=URL chooses another";

/**
 * Has the plan consume what a running mmdebstrap writes, and tells `detail` what it is doing. Throws `HarnessError` with the last lines of
 * one that fails.
 */
export async function consumeArchive(
  command: Pick<RunningCommand, "stdout" | "stderr" | "exit">,
  plan: Pick<Bootstrap, "what" | "suite" | "consume" | "tell">,
  { hint, detail }: { hint: string; detail: (text: string) => void },
): Promise<void> {
  const lines: string[] = [];
  createInterface({ input: command.stderr }).on("line", (line) => {
    lines.push(line);
    plan.tell?.(line);
    if (lines.length > 40) lines.shift();
    const doing = /^I: (.*?)\.*$/.exec(line)?.[1];
    if (doing && !doing.includes("hook")) detail(doing);
  });
  const consuming = plan.consume(command.stdout).catch((error: unknown) => {
    // It would wait for its reader without end.
    command.stdout.resume();
    throw error;
  });
  const [consumed, exit] = await Promise.allSettled([consuming, command.exit]);
  const code = exit.status === "fulfilled" ? (exit.value.code ?? exit.value.signal) : exit.reason;
  if (code !== 0) {
    refuseUnreached(lines, plan.what);
    if (lines.some((line) => /no space left on device|enough free space/i.test(line)))
      throw new DiskFull(plan.what);
    throw new HarnessError(
      `mmdebstrap for ${plan.suite} failed (${code}); its last lines:\n${lines.join("\n")}`,
      { hint },
    );
  }
  if (consumed.status === "rejected") throw consumed.reason;
}

/** Throws `UsageError` where apt says that it could not reach the mirror, with what it says. */
function refuseUnreached(lines: readonly string[], what: string): void {
  const at = lines.findIndex((line) =>
    /^\s+.*(could not (connect|resolve)|failure resolving|timed out|unreachable)/i.test(line),
  );
  const [, mirror] = /^Err:\d+ (\S+)/.exec(lines[at - 1] ?? "") ?? [];
  if (mirror === undefined) return;
  throw new UsageError(
    `the Debian mirror ${mirror} cannot be reached, and ${what} is made from its packages: ${lines[at]?.trim()}`,
    { hint: `MIRROR=URL names another mirror; NODE_IMAGE a node image that the engine has; or ${otherwise}` },
  );
}

/** Removes the folders of builds that were killed. */
async function sweepTemporary(
  settings: Pick<Settings, "CACHE">,
  local: Host,
  privilege: Privilege,
): Promise<void> {
  for (const parent of [join(settings.CACHE, "tmp"), tmpdir()]) {
    const names = await readdir(parent).catch(() => []);
    for (const name of names.filter((name) => name.startsWith(temporaryPrefix))) {
      const [pid, start] = name.slice(temporaryPrefix.length).split("-");
      if (isAlive(`${pid}:${start}`)) continue;
      await endBuild(local, privilege, join(parent, name));
      await removeFolder(local, privilege, join(parent, name));
    }
  }
}

/** A build outlives a run that was killed: it goes on fetching, and its mounts are in use. */
async function endBuild(local: Host, privilege: Privilege, folder: string): Promise<void> {
  const building = () => processesWith(`TMPDIR=${folder}`);
  await until(
    { what: `the build in ${folder} of a run that was killed to end`, deadlineMs: 30_000 },
    async () => {
      const pids = building().map(String);
      if (pids.length > 0) await local.exec(asRoot(privilege, ["kill", "-KILL", ...pids]));
      return building().length === 0;
    },
  );
}

async function removeFolder(local: Host, privilege: Privilege, folder: string): Promise<void> {
  const remove = ["rm", "-rf", "--one-file-system", folder];
  // What subordinate ids own can only be removed by them.
  if (privilege === "none") await local.exec(["unshare", "--map-auto", "--map-root-user", ...remove]);
  else {
    for (const mounted of await mountsBelow(folder)) await local.exec(asRoot(privilege, ["umount", mounted]));
    await local.run(asRoot(privilege, remove));
  }
}

/** A build that was killed leaves its mounts; the last one first. */
async function mountsBelow(folder: string): Promise<string[]> {
  const mounts = await readFile("/proc/self/mounts", "utf8");
  const points = mounts.split("\n").map((line) => line.split(" ")[1] ?? "");
  return points.filter((point) => point.startsWith(`${folder}/`)).reverse();
}
