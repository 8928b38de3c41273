import type { Host } from "#harness/host/host.ts";
import { readRuleset } from "./chain/ruleset.ts";

/** What the suite makes itself; it is not a leak of the plugin. */
const ours = /^(?:link|address|route) .*\bncx[a-z]?\d*\b/;

/** Sections are told apart by lines that no tool prints; few processes, because this runs for every test. */
const script = `
ip -o link
echo '=== address'
ip -o address
echo '=== route'
ip route show table all
echo '=== rule'
ip rule
echo '=== rule6'
ip -6 rule
echo '=== shaper'
shapers=$(tc qdisc 2>/dev/null)
echo "$shapers"
echo '=== filter'
echo "$shapers" | while read -r _ kind _ _ device _; do
  case $kind in noqueue|pfifo_fast|fq_codel|mq|'') continue ;; esac
  for place in root ingress egress; do
    tc filter show dev "$device" $place 2>/dev/null | while read -r line; do echo "$device $place $line"; done
  done
done
echo '=== process'
for pid in $(ip netns pids "$1"); do
  if [ "$pid" != $$ ]; then { read -r name </proc/$pid/comm && echo "$name"; } 2>/dev/null; fi
done`;

// Where no rule is there at all, which nft tells of both back ends but the old kernel tables, iptables need not be asked.
const hostScript = `${script}
echo '=== sysctl'
(cd /proc/sys/net && grep -s '' ipv4/ip_forward ipv4/conf/all/* ipv4/conf/default/* ipv6/conf/all/* ipv6/conf/default/*)
echo '=== nft'
nft=$(nft -s list ruleset 2>/dev/null) && echo "$nft" || nft=unknown
for tables in /proc/net/ip_tables_names /proc/net/ip6_tables_names; do
  { read -r name <$tables && nft=$nft$name; } 2>/dev/null
done
if [ -n "$nft" ]; then
  echo '=== iptables'
  iptables-save 2>/dev/null
  echo '=== ip6tables'
  ip6tables-save 2>/dev/null
fi
echo '=== file'
cd "$0" 2>/dev/null && grep -rHs '' . --exclude=lock --exclude='last_reserved_ip*'
true`;

/** How the lines of each section are told; what is the kernel's own, or a counter, is dropped. */
const readers: Record<string, (lines: readonly string[]) => (string | undefined)[]> = {
  link: (lines) => lines.map((line) => /^\d+: ([^:@]*)/.exec(line)?.[1]),
  address: (lines) =>
    lines.map((line) => {
      const [, device, , cidr] = line.split(/\s+/);
      return cidr?.startsWith("fe80:") ? undefined : `${device} ${cidr}`;
    }),
  route: (lines) =>
    lines.map((line) =>
      /\b(local|broadcast|multicast|anycast)\b|fe80::|ff00::/.test(line)
        ? undefined
        : line.replace(/ (linkdown|dead|metric \d+|pref \w+)\b/g, ""),
    ),
  rule: (lines) => lines.map(ruleOf),
  rule6: (lines) => lines.map(ruleOf),
  shaper: (lines) => lines.filter((line) => !/noqueue|pfifo_fast/.test(line)),
  filter: (lines) => [...lines],
  process: (lines) => [...lines],
  sysctl: (lines) => [...lines],
  nft: readRuleset,
  iptables: readTables,
  ip6tables: readTables,
  file: (lines) => [...lines],
};

function ruleOf(line: string): string {
  return line.replace(/^\d+:\s*/, "");
}

/** Rules and chains with their table. A chain that a table is born with is none of anybody's, as long as it lets everything pass. */
function readTables(lines: readonly string[]): string[] {
  let table = "";
  return lines.flatMap((line) => {
    if (line.startsWith("*")) table = line.slice(1);
    if (!/^[-:]/.test(line) || /^:[A-Z]+ ACCEPT\b/.test(line)) return [];
    return [`${table} ${line.replace(/ \[\d+:\d+\]/, "")}`];
  });
}

/**
 * What is set in a network namespace and in a state folder, one line per thing, as often as it is there: links, addresses, routes, rules,
 * shapers and their filters, processes, settings of the kernel, firewall and NAT rules, lines of files. Sorted, without counters, without
 * what the suite made.
 */
export async function readState(host: Host, netns: string, folder: string): Promise<string[]> {
  const output = await host.run(["ip", "netns", "exec", netns, "sh", "-c", hostScript, folder, netns]);
  return parseState(output).filter((line) => !ours.test(line) && line !== "link lo");
}

/** The same for the inside of a container; with MTU and MAC, which a plugin may have to put back. */
export async function readContainerState(host: Host, netns: string): Promise<string[]> {
  const output = await host.run(["ip", "netns", "exec", netns, "sh", "-c", `${script}\ntrue`, "sh", netns]);
  const settings = [...output.matchAll(/^\d+: ([^:@]*).* (mtu \d+).*link\/\w+ (\S+)/gm)];
  return [
    ...parseState(output),
    ...settings.map(([, name, mtu, mac]) => `link ${name} ${mtu} mac ${mac}`),
  ].sort();
}

/** The lines of the script's output, each with its section before it, sorted. */
export function parseState(output: string): string[] {
  const sections = new Map<string, string[]>();
  let section = "link";
  for (const line of output.split("\n")) {
    const heading = /^=== (\w+)$/.exec(line)?.[1];
    if (heading) section = heading;
    else if (line.trim() !== "") sections.set(section, [...(sections.get(section) ?? []), line.trim()]);
  }
  return [...sections]
    .flatMap(([name, lines]) =>
      (readers[name]?.(lines) ?? []).flatMap((told) =>
        told === undefined ? [] : [`${name} ${told.trim()}`],
      ),
    )
    .sort();
}

/** Lines of `after` that are not in `before`, or more often than there. */
export function additions(after: readonly string[], before: readonly string[]): string[] {
  const known = new Map<string, number>();
  for (const line of before) known.set(line, (known.get(line) ?? 0) + 1);
  return after.filter((line) => {
    const times = known.get(line) ?? 0;
    known.set(line, times - 1);
    return times <= 0;
  });
}
