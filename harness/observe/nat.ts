import { z } from "zod";
import type { Host } from "#harness/host/host.ts";

/** One address translation rule, whichever tool wrote it. */
export interface NatRule {
  kind: "masquerade" | "snat" | "dnat";
  /** Which firewall it was found in. */
  backend: "iptables" | "nftables";
  /** Source CIDR it matches, if any. */
  source?: string;
  /** Destination port it matches, if any. */
  port?: number;
  protocol?: "tcp" | "udp";
  /** New destination `address:port` of a DNAT rule. */
  to?: string;
  /** The rule as the tool prints it. */
  text: string;
}

/** All NAT rules of a host: those of iptables (legacy or nft) and those of nftables itself. */
export async function readNat(host: Host): Promise<NatRule[]> {
  const [iptables, nftables] = await Promise.all([
    host.exec(["iptables-save", "--table", "nat"]),
    host.exec(["nft", "--json", "list", "ruleset"]),
  ]);
  return [
    ...(iptables.code === 0 ? parseIptablesNat(iptables.stdout) : []),
    ...(nftables.code === 0 ? parseNftablesNat(nftables.stdout) : []),
  ];
}

/** Reads `iptables-save` output. */
export function parseIptablesNat(output: string): NatRule[] {
  return output.split("\n").flatMap((text): NatRule[] => {
    const target = /-j (MASQUERADE|SNAT|DNAT)\b/.exec(text)?.[1]?.toLowerCase();
    if (!text.startsWith("-A ") || target === undefined) return [];
    const source = /-s (\S+)/.exec(text)?.[1];
    const port = /--dport (\d+)/.exec(text)?.[1];
    const protocol = /-p (tcp|udp)/.exec(text)?.[1] as NatRule["protocol"];
    const to = /--to-destination (\S+)/.exec(text)?.[1];
    return [
      {
        kind: target as NatRule["kind"],
        backend: "iptables",
        ...(source ? { source } : {}),
        ...(port ? { port: Number(port) } : {}),
        ...(protocol ? { protocol } : {}),
        ...(to ? { to } : {}),
        text,
      },
    ];
  });
}

const nftables = z.object({ nftables: z.array(z.record(z.string(), z.unknown())) });
const nftRule = z.object({
  family: z.string(),
  table: z.string(),
  chain: z.string(),
  expr: z.array(z.record(z.string(), z.unknown())),
});
const nftMatch = z.object({
  left: z.object({ payload: z.object({ protocol: z.string(), field: z.string() }) }),
  right: z.union([
    z.number(),
    z.string(),
    z.object({ prefix: z.object({ addr: z.string(), len: z.number() }) }),
  ]),
});
const nftDnat = z.object({ addr: z.string(), port: z.number().optional() });

/** Reads `nft --json list ruleset`. Rules that iptables-nft wrote are left to `parseIptablesNat`. */
export function parseNftablesNat(output: string): NatRule[] {
  return nftables.parse(JSON.parse(output)).nftables.flatMap((item): NatRule[] => {
    const rule = nftRule.safeParse(item.rule).data;
    if (rule?.family !== "ip" || (rule.table === "nat" && rule.expr.some((expr) => "xt" in expr))) return [];
    const verdict = rule.expr.find((expr) => "masquerade" in expr || "snat" in expr || "dnat" in expr);
    if (!verdict) return [];
    const kind = (["masquerade", "snat", "dnat"] as const).find((one) => one in verdict) ?? "dnat";
    const found: NatRule = { kind, backend: "nftables", text: JSON.stringify(rule.expr) };
    for (const { match } of rule.expr) {
      const { left, right } = nftMatch.safeParse(match).data ?? {};
      if (!left || right === undefined) continue;
      const { protocol, field } = left.payload;
      if (field === "saddr")
        found.source = typeof right === "object" ? `${right.prefix.addr}/${right.prefix.len}` : `${right}`;
      if (field === "dport" && typeof right === "number") {
        found.port = right;
        if (protocol === "tcp" || protocol === "udp") found.protocol = protocol;
      }
    }
    const dnat = nftDnat.safeParse(verdict.dnat).data;
    if (dnat) found.to = dnat.port === undefined ? dnat.addr : `${dnat.addr}:${dnat.port}`;
    return [found];
  });
}
