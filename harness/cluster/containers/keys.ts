import ssh2, { type ParsedKey } from "ssh2";

/** An ed25519 key pair in OpenSSH format. */
export interface KeyPair {
  private: string;
  public: string;
}

/** Length of `string "ssh-ed25519", string key` with a key of 32 bytes. */
const publicKeyBytes = 4 + 11 + 4 + 32;

/**
 * Makes a key pair for one run. ssh2 takes leading zero bytes for padding and cuts them off, so that about one pair in
 * 250 is one that neither it nor sshd can read; such pairs are thrown away.
 */
export function generateKeyPair(comment: string): KeyPair {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync("ed25519", { comment });
    if (isSound(pair)) return pair;
  }
}

/** Whether both halves can be read and belong to each other. */
export function isSound(pair: KeyPair): boolean {
  const [secret, open] = [ssh2.utils.parseKey(pair.private), ssh2.utils.parseKey(pair.public)];
  if (!isKey(secret) || !isKey(open)) return false;
  const whole = [secret, open].every((key) => key.getPublicSSH().length === publicKeyBytes);
  return whole && open.verify("netconform", secret.sign("netconform")) === true;
}

function isKey(parsed: ParsedKey | ParsedKey[] | Error): parsed is ParsedKey {
  return !(parsed instanceof Error) && !Array.isArray(parsed);
}
