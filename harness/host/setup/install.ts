import { readFile } from "node:fs/promises";
import type { Progress } from "#harness/core/async/progress.ts";
import { UsageError } from "#harness/core/errors.ts";
import type { ExecResult, Host } from "#harness/host/host.ts";
import { asRoot, type Privilege, probePrivilege } from "./privilege.ts";

/** A program that is needed, and the Debian and Ubuntu packages that bring it. */
export interface Tool {
  program: string;
  packages: readonly string[];
}

/** What makes images: Debian's bootstrap tool with the keys that its archive is signed with. */
export const imageBuilder: Tool = {
  program: "mmdebstrap",
  packages: ["mmdebstrap", "debian-archive-keyring"],
};

/** What makes and looks at network namespaces on this machine: for the project's own tests and the CNI suite. */
export const networkTools: readonly Tool[] = [
  { program: "ip", packages: ["iproute2"] },
  { program: "iptables", packages: ["iptables"] },
  { program: "ping", packages: ["iputils-ping"] },
  { program: "tcpdump", packages: ["tcpdump"] },
  { program: "nsenter", packages: ["util-linux"] },
  { program: "python3", packages: ["python3"] },
  { program: "ssh", packages: ["openssh-client"] },
];

/**
 * Installs what is missing with apt-get, after saying what. No system service is started.
 * Throws `UsageError` naming what is missing and how to get it, or what to do `otherwise`, when this process cannot install
 * it.
 */
export async function installMissing(
  local: Host,
  progress: Progress,
  tools: readonly Tool[],
  purpose: string,
  otherwise?: string,
): Promise<void> {
  const missing: Tool[] = [];
  for (const tool of tools) if (!(await findProgram(local, tool.program))) missing.push(tool);
  if (missing.length === 0) return;

  const programs = missing.map((tool) => tool.program).join(", ");
  const packages = [...new Set(missing.flatMap((tool) => tool.packages))];
  const command = `apt-get install --no-install-recommends ${packages.join(" ")}`;
  const obstacle = await whyNoInstall(local);
  if (obstacle !== undefined) {
    throw new UsageError(`${purpose}: ${programs} missing, and ${obstacle}`, {
      hint:
        obstacle === foreign
          ? `install ${packages.join(", ")} with this system's package manager, or ${otherwise ?? "set DOCKER_HOST to a Docker Engine that answers"}`
          : `run as root: ${command}${otherwise ? `; or ${otherwise}` : ""}`,
    });
  }
  const privilege = await probePrivilege(local);
  progress.say(`${purpose}: installing the packages ${packages.join(", ")}`);
  await progress.step(
    `apt-get install ${packages.join(" ")}`,
    async (detail) => {
      detail("reading package lists");
      const update = await aptGet(local, privilege, "update");
      detail("installing");
      const result = await withoutServices(local, privilege, () =>
        aptGet(local, privilege, "install", "--no-install-recommends", ...packages),
      );
      if (result.code === 0) return;
      const log = [result, ...(update.code === 0 ? [] : [update])].map((r) => lastLines(r.stdout + r.stderr));
      throw new UsageError(
        `${purpose}: ${command} failed with exit code ${result.code}:\n${log.join("\n")}`,
        {
          hint: "install the packages by hand and start again",
        },
      );
    },
    { announce: true },
  );
}

const foreign = "this is neither Debian nor Ubuntu";

/** Why `installMissing` cannot install packages here; `undefined` where it can. */
export async function whyNoInstall(local: Host): Promise<string | undefined> {
  if (!(await isDebianLike())) return foreign;
  return (await probePrivilege(local)) === "none"
    ? "neither root nor sudo without a password is at hand"
    : undefined;
}

/** Brings apt's package lists up to date. Throws `UsageError` when this process may not. */
export async function updatePackageLists(local: Host, progress: Progress): Promise<void> {
  const privilege = await probePrivilege(local);
  if (privilege === "none") {
    throw new UsageError(
      "apt has no package lists, and neither root nor sudo without a password is at hand",
      {
        hint: "run as root: apt-get update",
      },
    );
  }
  await progress.step("apt-get update", () => aptGet(local, privilege, "update"));
}

function aptGet(local: Host, privilege: Privilege, ...args: string[]): Promise<ExecResult> {
  const options = ["--yes", "--option=DPkg::Lock::Timeout=300"];
  return local.exec(
    asRoot(privilege, ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...options, ...args]),
    { deadlineMs: 15 * 60_000 },
  );
}

/** Under systemd, Debian's packages start their services; masked ones they leave alone. The mask is gone after a reboot at the latest. */
async function withoutServices<T>(local: Host, privilege: Privilege, work: () => Promise<T>): Promise<T> {
  if (!(await local.files.exists("/run/systemd/system"))) return work();
  const units = ["docker.service", "docker.socket", "containerd.service"];
  await local.run(asRoot(privilege, ["systemctl", "mask", "--runtime", ...units]));
  try {
    return await work();
  } finally {
    await local.run(asRoot(privilege, ["systemctl", "unmask", "--runtime", ...units]));
  }
}

/** The path of a program as root would find it; `undefined` when there is none. */
export async function findProgram(local: Host, program: string): Promise<string | undefined> {
  const script = 'PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"; command -v "$1"';
  const found = await local.exec(["sh", "-c", script, "sh", program]);
  return found.code === 0 ? found.stdout.trim() : undefined;
}

async function isDebianLike(): Promise<boolean> {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  return /^(ID|ID_LIKE)=.*\b(debian|ubuntu)\b/m.test(release);
}

/** The end of a text, for an error message. */
export function lastLines(text: string, count = 15): string {
  return text.trim().split("\n").slice(-count).join("\n");
}
