import type { AddResult } from "#harness/cni/protocol/result.ts";

/** Lists of a result's `dns`, and what each of their entries is. */
const dnsLists = { nameservers: "name server", search: "search domain", options: "resolver option" } as const;

/** What of a former result is not in a later one; what the plugin is there to change does not count. */
export function lostFrom(before: AddResult | undefined, after: AddResult): string[] {
  const interfaces = (before?.interfaces ?? []).filter(
    (one) =>
      !after.interfaces?.some(
        (other) => other.name === one.name && (other.sandbox ?? "") === (one.sandbox ?? ""),
      ),
  );
  const ips = (before?.ips ?? []).filter((one) => !after.ips?.some((other) => other.address === one.address));
  const routes = (before?.routes ?? []).filter(
    (one) => !after.routes?.some((other) => other.dst === one.dst),
  );
  return [
    ...interfaces.map(({ name }) => `interface ${name}`),
    ...ips.map(({ address }) => `address ${address}`),
    ...routes.map(({ dst }) => `route to ${dst}`),
    ...(Object.keys(dnsLists) as (keyof typeof dnsLists)[]).flatMap((list) =>
      (before?.dns?.[list] ?? [])
        .filter((one) => !after.dns?.[list]?.includes(one))
        .map((one) => `${dnsLists[list]} ${one}`),
    ),
    ...(before?.dns?.domain && before.dns.domain !== after.dns?.domain
      ? [`domain ${before.dns.domain}`]
      : []),
  ];
}
