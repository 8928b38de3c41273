/** Quotes one argument for a POSIX shell; plain words stay readable. */
export function quote(argument: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** The one place where an argv becomes a shell line: for sshd, which hands every command to a shell, and for people. */
export function formatCommand(argv: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const set = assignments(env);
  return [...(set.length > 0 ? ["env", ...set] : []), ...argv].map(quote).join(" ");
}

/** Variables as arguments of `env`. */
export function assignments(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(([key, value]) => `${key}=${value}`);
}
