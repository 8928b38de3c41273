import type { Host } from "#harness/host/host.ts";

/** What the tier makes itself; it is nobody's leak. */
const ours = /\bncx[a-z]?\d*\b/;

const hostScript = `
ip -o link | sed 's/^[0-9]*: \\([^:@]*\\).*/link \\1/'
ip -o address | awk '{ print "address", $2, $4 }'
ip route show table all | sed 's/^/route /'
ip -6 route show table all | sed 's/^/route6 /'
ip rule | sed 's/^[0-9]*:/rule/'
for save in iptables-save ip6tables-save; do
  command -v $save >/dev/null && $save 2>/dev/null | sed -n "s/ \\[[0-9:]*\\]//; s/^\\([-:].*\\)/$save \\1/p"
done
command -v nft >/dev/null && nft -s list ruleset 2>/dev/null | sed 's/^ */nft /'
command -v tc >/dev/null && tc qdisc | grep -v 'noqueue\\|pfifo_fast' | sed 's/^/shaper /'
cd "$0" 2>/dev/null && find . -type f ! -name lock ! -name 'last_reserved_ip*' | while read -r file; do
  echo "file $file $(tr -s '\\r\\n' '  ' <"$file")"
done
true`;

/** Lines that the kernel writes by itself, whatever a plugin does. */
const automatic =
  /^(route6? .*(\b(local|broadcast|multicast|anycast)\b|fe80::|ff00::)|address \S+ fe80:|link lo$)/;

/**
 * What is set in a network namespace and in a state folder, one line per thing: links, addresses, routes, rules,
 * firewall and NAT rules, shapers, files. Sorted, without counters, without what the tier made.
 */
export async function readState(host: Host, netns: string, folder: string): Promise<string[]> {
  const output = await host.run(["ip", "netns", "exec", netns, "sh", "-c", hostScript, folder]);
  return output
    .split("\n")
    .map((line) => line.replace(/ linkdown\b| dead\b/g, "").trim())
    .filter((line) => line !== "" && !automatic.test(line) && !ours.test(line))
    .sort();
}

const containerScript = `
ip -o link | sed 's/^[0-9]*: \\([^:@]*\\).* mtu \\([0-9]*\\).*link\\/[a-z]* \\([^ ]*\\).*/link \\1 mtu \\2 mac \\3/'
ip -o -4 address | awk '{ print "address", $2, $4 }'
ip route show table all | sed 's/^/route /'
ip rule | sed 's/^[0-9]*:/rule/'
true`;

/** The same for the inside of a container. */
export async function readContainerState(host: Host, netns: string): Promise<string[]> {
  const output = await host.run(["ip", "netns", "exec", netns, "sh", "-c", containerScript]);
  return output
    .split("\n")
    .map((line) => line.replace(/ linkdown\b| dead\b/g, "").trim())
    .filter((line) => line !== "" && !/\b(local|broadcast|multicast|anycast)\b|fe80::|ff00::/.test(line))
    .sort();
}

/** Lines of `after` that are in none of the other lists, each as often as it is there too often. */
export function additions(after: readonly string[], ...before: (readonly string[])[]): string[] {
  const known = new Set(before.flat());
  return after.filter((line) => !known.has(line));
}
