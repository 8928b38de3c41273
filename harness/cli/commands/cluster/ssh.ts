import { rmSync } from "node:fs";
import { which } from "zx/core";
import { runAttached } from "#harness/cli/run.ts";
import { UsageError } from "#harness/core/errors.ts";
import { makeScratchFolder } from "#harness/core/process/scratch.ts";
import { formatCommand } from "#harness/host/shell.ts";
import { writeSshConfig } from "#harness/host/ssh/ssh-config.ts";
import { findHost } from "./hosts.ts";

/**
 * Opens a shell on a host of a cluster, or has the host's shell run `words`, joined by blanks, as ssh(1) does. Standard
 * streams and exit code are those of the command.
 */
export async function ssh(
  reference: string,
  words: readonly string[],
  { tty = false }: { tty?: boolean },
): Promise<number> {
  const host = findHost(reference);
  if (!(await which("ssh", { nothrow: true }))) {
    throw new UsageError("there is no ssh on this machine", { hint: "install openssh-client" });
  }
  const folder = makeScratchFolder();
  try {
    const config = writeSshConfig(folder, host);
    const line = words.join(" ");
    const command = host.sudo ? formatCommand(["sudo", "-n", "--", "sh", "-c", line]) : line;
    return await runAttached([
      ...["ssh", "-F", config, ...(tty ? ["-t"] : []), host.name],
      ...(words.length > 0 ? ["--", command] : []),
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
