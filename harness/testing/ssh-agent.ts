import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "#harness/core/poll.ts";

export interface SshAgent extends AsyncDisposable {
  /** As `SSH_AUTH_SOCK` has it. */
  readonly socket: string;
}

/** OpenSSH's agent, with the key in the file `key` of the folder, until it is disposed. */
export async function startAgent(folder: string, name: string): Promise<SshAgent> {
  const socket = join(folder, `${name}.sock`);
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  const ended = once(agent, "exit");
  ended.catch(() => {});
  await until({ what: "ssh-agent to listen", deadlineMs: 10_000 }, () => existsSync(socket));
  await promisify(execFile)("ssh-add", [join(folder, "key")], {
    env: { ...process.env, SSH_AUTH_SOCK: socket },
  });
  return {
    socket,
    [Symbol.asyncDispose]: async () => {
      agent.kill();
      await ended;
    },
  };
}
