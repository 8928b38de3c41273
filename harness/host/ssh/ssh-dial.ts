import { readFileSync } from "node:fs";
import type { Duplex } from "node:stream";
import ssh2, { type Client, type ServerHostKeyAlgorithm } from "ssh2";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import { readSession } from "#harness/core/settings/session.ts";
import { agentOfSession, algorithmsOf, fingerprintOf, knownHostName, type SshTarget } from "./ssh-target.ts";

const connectMs = 20_000;
/** A host that answered before needs no time to boot. */
const reconnectMs = 10_000;

export interface DialOptions {
  /** The host has answered before. */
  again: boolean;
  /** Called once when the connection is no more, with the reason where there is one. */
  closed: (cause: Error | undefined) => void;
}

/**
 * Begins an SSH connection, through the jump host where there is one. `ready` resolves once the server is recognised
 * and the user is let in; it rejects with `UsageError` for an unknown host key or a key that cannot be read, else with
 * `HarnessError`.
 */
export function dial(target: SshTarget, options: DialOptions): { client: Client; ready: Promise<void> } {
  const client = new ssh2.Client();
  const ready = Promise.withResolvers<void>();
  let cause: Error | undefined;
  let shown: ShownKey | undefined;
  let jump: Client | undefined;
  client.on("ready", () => {
    client.setNoDelay(true);
    ready.resolve();
  });
  client.on("error", (error) => {
    // The refusal that follows when an agent does not answer says nothing of the agent.
    cause = cause ? new HarnessError(`${error.message} (${cause.message})`) : error;
  });
  client.on("close", () => {
    jump?.end();
    const unknown = shown && !shown.known && unknownKey(target, shown);
    options.closed(unknown || cause);
    ready.reject(unknown || unreachable(target, cause));
  });
  const begin = async () => {
    const through = target.jump ? await dialThrough(target.jump, target) : undefined;
    jump = through?.client;
    // A forwarded stream stays half open, where a socket would close; then the connection would seem to live on.
    through?.stream.once("end", () => through.stream.destroy());
    const known = algorithmsOf(target.hostKeys) as ServerHostKeyAlgorithm[];
    // The known ones first; with others a changed server can still show what it has, and be named.
    const serverHostKey = { remove: known, prepend: known, append: [] };
    client.connect({
      host: target.address,
      port: target.port,
      username: target.user,
      ...identityOf(target),
      ...(through ? { sock: through.stream } : {}),
      algorithms: { serverHostKey },
      readyTimeout: scaled(options.again ? reconnectMs : connectMs),
      keepaliveInterval: scaled(5_000),
      keepaliveCountMax: 3,
      hostVerifier: (key: Buffer) => {
        shown = describeKey(key, target);
        return shown.known;
      },
    });
  };
  begin().catch((error: Error) => {
    jump?.end();
    options.closed(error);
    ready.reject(error);
  });
  return { client, ready: ready.promise };
}

/** The key that a server shows, in known_hosts format, without logging in: for servers that were made a moment ago. */
export async function scanHostKey(target: Omit<SshTarget, "hostKeys">): Promise<string> {
  let seen = "";
  const client = new ssh2.Client();
  const closed = new Promise<Error | undefined>((resolve) => {
    client.once("error", resolve);
    client.once("close", () => resolve(undefined));
  });
  client.connect({
    host: target.address,
    port: target.port,
    username: target.user,
    readyTimeout: scaled(connectMs),
    hostVerifier: (key: Buffer) => {
      seen = `${typeOf(key)} ${key.toString("base64")}`;
      return false;
    },
  });
  const error = await closed;
  client.destroy();
  if (!seen) throw unreachable({ ...target, hostKeys: [] }, error);
  return seen;
}

function identityOf({ name, privateKey, keyFile, agent: given }: SshTarget): {
  privateKey?: string;
  agent?: string;
} {
  const agent = given === agentOfSession ? readSession().sshAgent : given;
  if (privateKey !== undefined) return { privateKey };
  if (keyFile !== undefined) {
    try {
      return { privateKey: readFileSync(keyFile, "utf8"), ...(agent === undefined ? {} : { agent }) };
    } catch (error) {
      throw new UsageError(`${name}: expected a private key in ${keyFile}, got ${(error as Error).message}`);
    }
  }
  if (agent !== undefined) return { agent };
  if (given !== undefined) {
    throw new UsageError(`${name}: expected ${given} in the environment to log in with, got none`, {
      hint: "start an agent: eval $(ssh-agent); ssh-add",
    });
  }
  throw new UsageError(`${name}: expected a key file or an agent to log in with, got neither`, {
    hint: "give the host `key: FILE` or `agent: true` in the inventory",
  });
}

async function dialThrough(jump: SshTarget, to: SshTarget): Promise<{ client: Client; stream: Duplex }> {
  const { client, ready } = dial(jump, { again: false, closed: () => {} });
  await ready;
  const stream = await new Promise<Duplex>((resolve, reject) => {
    client.forwardOut("127.0.0.1", 0, to.address, to.port, (error, channel) => {
      if (error) {
        client.end();
        const where = `${to.address}:${to.port}`;
        reject(new HarnessError(`${jump.name} does not connect to ${to.name} (${where}): ${error.message}`));
      } else resolve(channel);
    });
  });
  return { client, stream };
}

interface ShownKey {
  type: string;
  base64: string;
  known: boolean;
}

function describeKey(key: Buffer, { hostKeys }: SshTarget): ShownKey {
  const base64 = key.toString("base64");
  return { type: typeOf(key), base64, known: hostKeys.some((known) => known.split(" ")[1] === base64) };
}

/** A public key begins with its type as a string of the protocol. */
function typeOf(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString("latin1");
}

function unknownKey(target: SshTarget, { type, base64 }: ShownKey): UsageError {
  const who = `${target.name} (${target.user}@${target.address}:${target.port})`;
  const shown = `${type} ${fingerprintOf(base64)}`;
  const from = target.hostKeysFrom ?? "what is known of it";
  const name = target.hostKeyAlone ? "" : `${knownHostName(target.address, target.port)} `;
  const line = `${name}${type} ${base64}`;
  if (target.hostKeys.length === 0) {
    return new UsageError(`${who}: its host key is not in ${from}; it shows ${shown}`, {
      hint: `compare that with ssh-keygen -lf on the host; if it is the same, add this line to ${from}:\n${line}`,
    });
  }
  const known = target.hostKeys.map(
    (key) => `${key.split(" ")[0]} ${fingerprintOf(key.split(" ")[1] ?? "")}`,
  );
  return new UsageError(`${who}: expected the host key ${known.join(" or ")} (${from}), got ${shown}`, {
    hint: `either the host was reinstalled or another host answers; if you know that it is right, ${from} needs this instead:\n${line}`,
  });
}

function unreachable(target: SshTarget, cause: Error | undefined): HarnessError {
  const where = `${target.user}@${target.address}:${target.port}`;
  const why = cause ? cause.message : "the connection was closed";
  return new HarnessError(`${target.name} (${where}) cannot be reached over SSH: ${why}`, { cause });
}
