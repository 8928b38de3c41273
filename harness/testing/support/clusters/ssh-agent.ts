import { existsSync } from "node:fs";
import { join } from "node:path";
import { until } from "#harness/core/async/poll.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";

export interface SshAgent extends AsyncDisposable {
  /** As `SSH_AUTH_SOCK` has it. */
  readonly socket: string;
}

/** OpenSSH's agent, with the key in the file `key` of the folder, until it is disposed. */
export async function startAgent(folder: string, name: string): Promise<SshAgent> {
  const socket = join(folder, `${name}.sock`);
  const local = new LocalHost();
  const agent = await local.spawn(["ssh-agent", "-D", "-a", socket]);
  for (const stream of [agent.stdout, agent.stderr]) stream.resume();
  await until({ what: "ssh-agent to listen", deadlineMs: 10_000 }, () => existsSync(socket));
  await local.run(["ssh-add", join(folder, "key")], { env: { SSH_AUTH_SOCK: socket } });
  return {
    socket,
    [Symbol.asyncDispose]: async () => {
      agent.kill();
      await agent.exit;
    },
  };
}
