import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "#harness/core/async/poll.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { withLock } from "#harness/core/process/lock.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { readSession } from "#harness/core/settings/session.ts";
import { startDaemon } from "#harness/host/local/daemon.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { installMissing, lastLines, type Tool } from "#harness/host/setup/install.ts";
import { asRoot, probePrivilege } from "#harness/host/setup/privilege.ts";

const script = join(import.meta.dirname, "libvirtd.sh");

/** What runs virtual machines under libvirt here, beside Vagrant itself. */
const libvirtTools: readonly Tool[] = [
  { program: "virsh", packages: ["libvirt-clients"] },
  {
    program: "libvirtd",
    packages: [
      "libvirt-daemon",
      "libvirt-daemon-system",
      "libvirt-daemon-driver-qemu",
      "dnsmasq-base",
      "iptables",
    ],
  },
  { program: "qemu-system-x86_64", packages: ["qemu-system-x86", "qemu-utils"] },
];

/** A libvirt that answers. */
export interface Libvirt {
  /** For `virsh --connect` and Vagrant, e.g. `qemu:///system`. */
  readonly uri: string;
  /** Whether the project started it. */
  readonly own: boolean;
  /** Ends it if the project started it, with every machine that still runs in it. */
  stop(): Promise<void>;
}

/** Machines are `kvm` where the processor virtualizes for this machine, else `qemu`: emulated, ten times slower and more. */
export async function libvirtDriver(): Promise<"kvm" | "qemu"> {
  const { libvirtDriver: named } = readSession();
  if (named === "kvm" || named === "qemu") return named;
  const local = new LocalHost();
  const flags = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
  // A /dev/kvm without either flag is that of a paravirtualized host, which takes guests of its own kind only.
  const virtualizes = /^flags.*\b(vmx|svm)\b/m.test(flags) || process.arch !== "x64";
  return virtualizes && (await local.files.exists("/dev/kvm")) ? "kvm" : "qemu";
}

/**
 * The libvirt that answers at `qemu:///system` (`LIBVIRT_URI` names another), else one of the project's own, for which
 * missing packages are installed. Throws `UsageError` when none can be started.
 */
export async function ensureLibvirt(settings: Pick<Settings, "CACHE">, progress: Progress): Promise<Libvirt> {
  const local = new LocalHost();
  await installMissing(local, progress, libvirtTools, "virtual machines under libvirt");
  const system = readSession().libvirtUri ?? "qemu:///system";
  const answers = async (uri: string) =>
    (await local.exec(["virsh", "--connect", uri, "version"], { deadlineMs: 30_000 })).code === 0;
  if (await answers(system)) return { uri: system, own: false, stop: async () => {} };

  const folder = join(settings.CACHE, "libvirt");
  const uri = `qemu:///system?socket=${join(folder, "libvirt-sock")}`;
  const privilege = await probePrivilege(local);
  if (privilege === "none") {
    throw new UsageError(`no libvirt answers at ${system}, and starting one takes root`, {
      hint: "start this machine's libvirtd and join the group libvirt, or run as root or with sudo without a password",
    });
  }
  await withLock(
    folder,
    async () => {
      if (await answers(uri)) return;
      await progress.step("starting a libvirtd of our own", async () => {
        mkdirSync(folder, { recursive: true });
        const log = join(folder, "libvirtd.log");
        const unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
        const daemon = startDaemon(asRoot(privilege, [...unshare, "/bin/sh", script, folder]), log);
        await until({ what: "libvirtd to answer", deadlineMs: 60_000 }, async () => {
          if (daemon.ended) throw new HarnessError(daemon.ended);
          return answers(uri);
        }).catch((error: Error) => {
          throw new HarnessError(
            `libvirtd did not start: ${error.message}\n${lastLines(readFileSync(log, "utf8"))}`,
          );
        });
      });
    },
    { what: "starting libvirtd" },
  );
  return { uri, own: true, stop: () => progress.step("stopping our libvirtd", () => stop(folder, uri)) };
}

/** Ends the project's own libvirtd if it runs; what it made in the kernel (bridges, firewall rules) it has to take back first. */
async function stop(folder: string, uri: string): Promise<void> {
  const local = new LocalHost();
  const process1 = findOwn(folder);
  if (process1 === undefined) return;
  const virsh = (...args: string[]) => local.exec(["virsh", "--connect", uri, ...args]);
  const names = async (...args: string[]) =>
    (await virsh(...args, "--name")).stdout
      .split("\n")
      .map((name) => name.trim())
      .filter(Boolean);
  for (const name of await names("list")) await virsh("destroy", name);
  for (const name of await names("net-list")) await virsh("net-destroy", name);
  const privilege = await probePrivilege(local);
  const signal = (name: string) => local.exec(asRoot(privilege, ["kill", `-${name}`, String(process1)]));
  const gone = () => findOwn(folder) === undefined;
  await signal("TERM");
  await until({ what: "libvirtd to end", deadlineMs: 15_000 }, gone).catch(async () => {
    await signal("KILL");
    await until({ what: "libvirtd to end after SIGKILL", deadlineMs: 5_000 }, gone);
  });
}

/** Process 1 of the namespace that it runs in, as this machine numbers it. */
function findOwn(folder: string): number | undefined {
  const wanted = ["/bin/sh", script, folder, ""].join("\0");
  const found = readdirSync("/proc").find((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8") === wanted;
    } catch {
      return false;
    }
  });
  return found === undefined ? undefined : Number(found);
}
