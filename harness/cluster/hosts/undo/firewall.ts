import type { Host } from "#harness/host/host.ts";

const families = ["iptables", "ip6tables"] as const;

/** Whether a host has the chains that Debian's CNI plugins make with the first container and keep by design (CNI-HOSTPORT-…, CNI-FORWARD). */
export async function hasCniChains(host: Host): Promise<boolean> {
  const saved = await Promise.all(families.map((family) => host.exec([`${family}-save`])));
  return saved.some(({ stdout }) => /^:CNI-/m.test(stdout));
}

/** Removes every chain of CNI plugins, and the rules that lead to them. */
export function removeCniChains(host: Host): Promise<void> {
  return remove(host, "/CNI-/{s/^-A/-D/p;s/^:\\(CNI-[^ ]*\\).*/-X \\1/p}");
}

/** Removes the rules by which the firewall plugin keeps a bridge apart from others; its chains stay. */
export function removeIsolationOf(host: Host, bridge: string): Promise<void> {
  return remove(host, `/^-A CNI-ISOLATION-.* -o ${bridge} /s/^-A/-D/p`);
}

/** Removes the rules that have no chain of their own: for the interfaces of routed networks, and with the name of a CNI network as their comment. */
export function removeOwnRules(host: Host): Promise<void> {
  return remove(
    host,
    '/ -[io] ng+ /s/^-A/-D/p;/--comment "\\{0,1\\}cni-[0-9a-f]\\{8\\}"\\{0,1\\} /s/^-A/-D/p',
  );
}

/** `edit` makes lines for `iptables-restore` of those of `iptables-save`; rules go before chains. A host without iptables has none. */
async function remove(host: Host, edit: string): Promise<void> {
  const script = `set -e
command -v "$1-save" >/dev/null || exit 0
for table in filter nat; do
  lines=$("$1-save" -t "$table" | sed -n "$2" | sort)
  [ -n "$lines" ] || continue
  { echo "*$table"; echo "$lines"; echo COMMIT; } | "$1-restore" --noflush
done`;
  for (const family of families) await host.run(["sh", "-c", script, "sh", family, edit]);
}
