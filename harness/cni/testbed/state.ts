import type { Host } from "#harness/host/host.ts";

/** What the suite makes itself; it is not a leak of the plugin. */
const ours = /\bncx[a-z]?\d*\b/;

/** Sections are told apart by lines that no tool prints; few processes, because this runs for every test. */
const script = `
ip -o link
echo '=== address'
ip -o address
echo '=== route'
ip route show table all
echo '=== rule'
ip rule
echo '=== shaper'
tc qdisc 2>/dev/null`;

const hostScript = `${script}
echo '=== iptables'
iptables-save 2>/dev/null
echo '=== ip6tables'
ip6tables-save 2>/dev/null
echo '=== file'
cd "$0" 2>/dev/null && grep -rHs '' . --exclude=lock --exclude='last_reserved_ip*'
true`;

/** How a line of each section is told; `undefined` drops it: it is the kernel's own or a counter. */
const readers: Record<string, (line: string) => string | undefined> = {
  link: (line) => /^\d+: ([^:@]*)/.exec(line)?.[1],
  address: (line) => {
    const [, device, , cidr] = line.split(/\s+/);
    return cidr?.startsWith("fe80:") ? undefined : `${device} ${cidr}`;
  },
  route: (line) =>
    /\b(local|broadcast|multicast|anycast)\b|fe80::|ff00::/.test(line)
      ? undefined
      : line.replace(/ (linkdown|dead|metric \d+|pref \w+)\b/g, ""),
  rule: (line) => line.replace(/^\d+:\s*/, ""),
  shaper: (line) => (/noqueue|pfifo_fast/.test(line) ? undefined : line),
  iptables: ruleOf,
  ip6tables: ruleOf,
  file: (line) => line,
};

function ruleOf(line: string): string | undefined {
  return /^[-:]/.test(line) ? line.replace(/ \[\d+:\d+\]/, "") : undefined;
}

/**
 * What is set in a network namespace and in a state folder, one line per thing: links, addresses, routes, rules,
 * shapers, firewall and NAT rules, lines of files. Sorted, without counters, without what the suite made.
 */
export async function readState(host: Host, netns: string, folder: string): Promise<string[]> {
  const output = await host.run(["ip", "netns", "exec", netns, "sh", "-c", hostScript, folder]);
  return parseState(output).filter((line) => !ours.test(line) && line !== "link lo");
}

/** The same for the inside of a container; with MTU and MAC, which a plugin may have to put back. */
export async function readContainerState(host: Host, netns: string): Promise<string[]> {
  const output = await host.run(["ip", "netns", "exec", netns, "sh", "-c", `${script}\ntrue`]);
  const settings = [...output.matchAll(/^\d+: ([^:@]*).* (mtu \d+).*link\/\w+ (\S+)/gm)];
  return [
    ...parseState(output),
    ...settings.map(([, name, mtu, mac]) => `link ${name} ${mtu} mac ${mac}`),
  ].sort();
}

function parseState(output: string): string[] {
  let section = "link";
  return output
    .split("\n")
    .flatMap((line) => {
      const heading = /^=== (\w+)$/.exec(line)?.[1];
      if (heading) section = heading;
      const told = heading || line.trim() === "" ? undefined : readers[section]?.(line.trim());
      return told === undefined ? [] : [`${section} ${told.trim()}`];
    })
    .sort();
}

/** Lines of `after` that are in none of the other lists. */
export function additions(after: readonly string[], ...before: (readonly string[])[]): string[] {
  const known = new Set(before.flat());
  return after.filter((line) => !known.has(line));
}
