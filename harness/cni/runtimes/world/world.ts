import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { within } from "#harness/core/async/poll.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { ExecResult, RunningCommand } from "#harness/host/host.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";

/** Where a world finds what this machine shares with it. */
export const shared = "/netconform";

/**
 * Runs in the new namespaces, and becomes their first process, which lives as long as its stdin is open: when this process ends, in
 * whatever way, the kernel ends everything in there, and mounts and interfaces are gone.
 */
const beginning = `
set -e
folder=$1 root=$2
mount --make-rprivate /
mount -t tmpfs -o mode=755 netconform "$folder/world"
cd "$folder/world"
mkdir upper work root
mount -t overlay -o "lowerdir=$root,upperdir=upper,workdir=work" netconform root
cd root
mkdir -p proc sys dev run tmp etc var/lib var/tmp root netconform
chmod 1777 tmp var/tmp
printf 'root:x:0:0:root:/root:/bin/sh\\n' >etc/passwd
printf 'root:x:0:\\n' >etc/group
printf '127.0.0.1 localhost\\n' >etc/hosts
: >etc/resolv.conf
read -r pid rest </proc/self/stat
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 shm dev/shm
mount -t tmpfs -o mode=755 run run
mount --bind "$folder/share" netconform
ip link set lo up
echo "$pid"
exec 3<&0
exec chroot . /bin/sh -c 'cat <&3 >/dev/null & wait $!'
`;

/**
 * Namespaces of their own on this machine (mounts, processes, network, IPC, host name) around the file system of a Debian suite, which
 * stays as it is. Needs root. It ends with the object, or with this process.
 */
export class World implements AsyncDisposable {
  /** Inode of its network namespace. */
  readonly network: string;
  /** Folder of this machine that is `/netconform` in there. */
  readonly share: string;
  readonly #folder: string;
  readonly #pid: string;
  readonly #running: RunningCommand;
  readonly #host = new LocalHost();

  private constructor(folder: string, pid: string, network: string, running: RunningCommand) {
    this.#folder = folder;
    this.share = join(folder, "share");
    this.#pid = pid;
    this.network = network;
    this.#running = running;
  }

  /** `folder`: an empty one of this machine; it goes with the world. `root`: the file system. Throws `HarnessError`. */
  static async begin(folder: string, root: string): Promise<World> {
    await mkdir(join(folder, "share"));
    await mkdir(join(folder, "world"));
    const namespaces = ["--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "--kill-child=KILL"];
    const argv = ["unshare", ...namespaces, "sh", "-c", beginning, "world", folder, root];
    const running = await new LocalHost().spawn(argv);
    let said = "";
    running.stderr.on("data", (chunk: Buffer) => {
      said = `${said}${chunk}`.slice(-2000);
    });
    const lines = createInterface({ input: running.stdout });
    const first = new Promise<string>((resolve) => {
      lines.once("line", resolve);
      lines.once("close", () => resolve(""));
    });
    const pid = await within({ what: "the namespaces of a CNI runtime", deadlineMs: 30_000 }, first);
    if (pid === "")
      throw new HarnessError(`no namespaces for a CNI runtime: ${said.trim() || "nothing said"}`);
    const { ino } = await stat(`/proc/${pid}/ns/net`);
    return new World(folder, pid, String(ino), running);
  }

  /** Runs a program in there to its end. */
  exec(argv: readonly string[], options: { deadlineMs?: number } = {}): Promise<ExecResult> {
    return this.#host.exec(this.#enter(argv), options);
  }

  /** Like `exec`, but throws `HarnessError` with what the program said where it failed. */
  async run(argv: readonly string[], options: { deadlineMs?: number } = {}): Promise<string> {
    const { code, stdout, stderr } = await this.exec(argv, options);
    if (code === 0) return stdout;
    throw new HarnessError(`${argv.join(" ")}: ${stderr.trim() || stdout.trim() || `exit ${code}`}`);
  }

  /** Starts a program in there that goes on. */
  spawn(argv: readonly string[]): Promise<RunningCommand> {
    return this.#host.spawn(this.#enter(argv));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#running.stdin.end();
    await within({ what: "the namespaces of a CNI runtime to go", deadlineMs: 30_000 }, this.#running.exit);
    await rm(this.#folder, { recursive: true, force: true });
  }

  #enter(argv: readonly string[]): string[] {
    const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const environment = [
      "env",
      "-i",
      path,
      "HOME=/root",
      `CONTAINERS_CONF=${shared}/containers.conf`,
      `CONTAINERS_STORAGE_CONF=${shared}/storage.conf`,
    ];
    return [
      "nsenter",
      "--target",
      this.#pid,
      "--mount",
      "--uts",
      "--ipc",
      "--net",
      "--pid",
      "--root",
      "--wd",
      ...environment,
      ...argv,
    ];
  }
}
