import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";

/** How to reach and recognise an SSH server. Plain JSON. */
export interface SshTarget {
  /** Name for messages, e.g. `node1`. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** OpenSSH private key, PEM. */
  readonly privateKey?: string;
  /** File with such a key. */
  readonly keyFile?: string;
  /** Socket of an SSH agent that holds the key, or `agentOfSession`. */
  readonly agent?: string;
  /** Keys by which the server is recognised, as in known_hosts (`ssh-ed25519 AAAA…`); with another key it is refused. */
  readonly hostKeys: readonly string[];
  /** Where those come from, and a missing one belongs, for messages: a file of known hosts unless `hostKeyAlone`. */
  readonly hostKeysFrom?: string;
  /** A key there stands by itself, without the host's name. */
  readonly hostKeyAlone?: boolean;
  /** The connection goes through this server. */
  readonly jump?: SshTarget;
  /** The user is not root: commands go through `sudo -n`, and sockets through a relay that runs as root. */
  readonly sudo?: boolean;
}

/**
 * The SSH agent of the process that connects, at that time; OpenSSH's `IdentityAgent` knows the word too. A
 * kept cluster outlives a session.
 */
export const agentOfSession = "SSH_AUTH_SOCK";

/** Signature algorithms that a key of a type can be asked to sign with, the best first. */
const signatures: Record<string, readonly string[]> = {
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
};

/** Algorithms to offer a server so that it shows a key that is known; empty where none is known: its own choice. */
export function algorithmsOf(hostKeys: readonly string[]): string[] {
  const types = hostKeys.map((key) => key.split(" ")[0] ?? "");
  return [...new Set(types.flatMap((type) => signatures[type] ?? [type]))];
}

/** The SHA256 fingerprint of a public key in base64, as ssh-keygen prints it. */
export function fingerprintOf(base64: string): string {
  return `SHA256:${createHash("sha256").update(base64, "base64").digest("base64").replace(/=+$/, "")}`;
}

/** How known_hosts names a server: its address, with the port unless that is 22. */
export function knownHostName(address: string, port: number): string {
  return port === 22 ? address : `[${address}]:${port}`;
}

/**
 * The keys of a server in a file of OpenSSH's known_hosts format: plain, hashed (`|1|salt|hash`) and with patterns.
 * Certificate authorities are not followed, revoked keys are left out. None where there is no such file.
 */
export function keysIn(path: string, address: string, port: number): string[] {
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  return keysFor(content, knownHostName(address, port));
}

/** Those keys in the text of such a file; `name` as `knownHostName` makes it. */
export function keysFor(content: string, name: string): string[] {
  const entries = content.split("\n").flatMap((line) => {
    const words = line.trim().split(/\s+/);
    if (words.length < 3 || words[0]?.startsWith("#")) return [];
    const marker = words[0]?.startsWith("@") ? words.shift() : undefined;
    const [hosts = "", type = "", key = ""] = words;
    return names(hosts, name) ? [{ marker, key: `${type} ${key}` }] : [];
  });
  const revoked = entries.filter(({ marker }) => marker === "@revoked").map(({ key }) => key);
  return entries
    .filter(({ marker, key }) => marker === undefined && !revoked.includes(key))
    .map(({ key }) => key);
}

function names(hosts: string, name: string): boolean {
  if (hosts.startsWith("|1|")) {
    const [salt = "", hash] = hosts.slice(3).split("|");
    return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
  }
  const patterns = hosts.split(",");
  const hit = (pattern: string) => wildcard(pattern).test(name);
  return (
    patterns.some((pattern) => !pattern.startsWith("!") && hit(pattern)) &&
    !patterns.some((pattern) => pattern.startsWith("!") && hit(pattern.slice(1)))
  );
}

function wildcard(pattern: string): RegExp {
  const escaped = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll(/\*+/g, ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}$`, "i");
}
