import { closeSync, existsSync, openSync, writeFileSync } from "node:fs";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { $ } from "#harness/host/local/zx.ts";
import type { Finding } from "./finding.ts";

/** What a signature is for: one for anything else is none of a statement. */
const namespace = "netconform";

/** Where the signature of a statement lies: beside it. */
export function signatureOf(path: string): string {
  return `${path}.sig`;
}

/** Who signed a statement. */
export interface Signed {
  readonly findings: readonly Finding[];
  /** In one line; absent where nobody did. */
  readonly by?: string;
}

/**
 * Checks the signature beside a statement. `signers` is a file of allowed signers, as ssh-keygen reads it: without it a
 * signature says only that the statement is as its key signed it, and one need not be there.
 */
export async function checkSignature(path: string, signers: string | undefined): Promise<Signed> {
  const signature = signatureOf(path);
  const wrong = (what: string): Signed => ({ findings: [{ field: "signature", what }] });
  if (signers !== undefined && !existsSync(signers)) {
    throw new UsageError(`--signers ${signers}: expected a file of allowed signers, got no such file`);
  }
  if (!existsSync(signature)) {
    return signers === undefined ? { findings: [] } : wrong(`expected ${signature}, got no such file`);
  }
  const common = ["-n", namespace, "-s", signature];
  const alone = await keygen(["-Y", "check-novalidate", ...common], path);
  if (alone.exitCode !== 0) return wrong(`expected that of this text, got ${lastLine(alone.stderr)}`);
  const key = /key (SHA256:\S+)/.exec(alone.stdout + alone.stderr)?.[1] ?? "a key";
  if (signers === undefined) return { findings: [], by: `${key}, which nobody was asked about` };
  const found = await keygen(["-Y", "find-principals", "-f", signers, "-s", signature], path);
  const [principal = ""] = found.stdout.trim().split("\n");
  if (found.exitCode !== 0 || principal === "")
    return wrong(`expected one of a signer in ${signers}, got ${key}`);
  const verified = await keygen(["-Y", "verify", "-f", signers, "-I", principal, ...common], path);
  if (verified.exitCode === 0) return { findings: [], by: `${principal}, ${key}` };
  return wrong(`expected a valid one of ${principal}, got ${lastLine(verified.stderr || verified.stdout)}`);
}

/** Signs a statement with an SSH key; resolves to the path of the signature. Asks for a passphrase on the terminal. */
export async function sign(path: string, key: string): Promise<string> {
  if (!existsSync(key)) throw new UsageError(`--key ${key}: expected an SSH key, got no such file`);
  const signed = await keygen(["-Y", "sign", "-f", key, "-n", namespace], path);
  if (signed.exitCode !== 0)
    throw new HarnessError(`${key}: ssh-keygen did not sign: ${lastLine(signed.stderr)}`);
  writeFileSync(signatureOf(path), signed.stdout);
  return signatureOf(path);
}

/** ssh-keygen with a file as its input: it need not read all of it, so that a pipe could break. */
async function keygen(
  args: readonly string[],
  path: string,
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const file = openSync(path, "r");
  try {
    const ended = await $({ stdio: [file, "pipe", "pipe"] })`${["ssh-keygen", ...args]}`;
    if (ended.exitCode === 127) {
      throw new HarnessError("signatures need ssh-keygen, of OpenSSH 8.2 or newer; it is not installed");
    }
    return ended;
  } finally {
    closeSync(file);
  }
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) || "no reason";
}
