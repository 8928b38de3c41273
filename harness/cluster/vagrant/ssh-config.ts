/** One machine of `vagrant ssh-config`. */
export interface SshAccess {
  /** As in the Vagrantfile, e.g. `tutorial-node1`. */
  machine: string;
  address: string;
  port: number;
  user: string;
  keyFile: string;
}

/**
 * Reads what `vagrant ssh-config` prints, OpenSSH's client configuration (ssh_config(5)): a `Host` line begins a
 * machine, keywords are not case-sensitive, the first value of a keyword counts, arguments may be quoted.
 * Machines without a key file are left out; Vagrant itself cannot log into them without a password.
 */
export function parseSshConfig(text: string): SshAccess[] {
  const machines: Map<string, string>[] = [];
  for (const line of text.split("\n")) {
    const [, keyword = "", rest = ""] = /^\s*(\w+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line) ?? [];
    if (!keyword) continue;
    const value = rest.replace(/^"(.*)"$/, "$1");
    if (keyword.toLowerCase() === "host") machines.push(new Map());
    const current = machines.at(-1);
    if (!current?.has(keyword.toLowerCase())) current?.set(keyword.toLowerCase(), value);
  }
  return machines.flatMap((machine) => {
    const keyFile = machine.get("identityfile");
    if (keyFile === undefined) return [];
    const name = machine.get("host") ?? "";
    return [
      {
        machine: name,
        address: machine.get("hostname") ?? name,
        port: Number(machine.get("port") ?? 22),
        user: machine.get("user") ?? "vagrant",
        keyFile,
      },
    ];
  });
}
