/** Quotes one argument for a POSIX shell; plain words stay readable. */
export function quote(argument: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** The one place where an argv becomes a shell line: for sshd, which hands every command to a shell, and for people. */
export function formatCommand(argv: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const assignments = Object.entries(env).map(([key, value]) => `${key}=${quote(value)}`);
  return [...(assignments.length > 0 ? ["env", ...assignments] : []), ...argv.map(quote)].join(" ");
}
