import type { GroupSpec, NetworkListing, Rule } from "#drivers/driver.ts";
import { formatTable, parseTable, sections, type TableRow } from "./table.ts";

/** `netctl net ls`, with Contiv's columns. A VXLAN network whose VNI the plugin chose has tag 0 there. */
export function formatNetworks(networks: readonly NetworkListing[]): string {
  return formatTable(
    [
      ...["Tenant", "Network", "Nw Type", "Encap type", "Packet tag", "Subnet", "Gateway"],
      ...["IPv6Subnet", "IPv6Gateway", "Cfgd Tag"],
    ],
    networks.map(({ tenant, name, encap, tag, subnet, gateway }) => {
      const vlan = encap === "vlan" ? String(tag) : "";
      return [tenant, name, "data", encap, vlan || "0", subnet, gateway, "", "", vlan];
    }),
  );
}

/** What `netctl net ls` says; the tag of a VXLAN network whose VNI Contiv chose is 0 there. */
export function parseNetworks(output: string): NetworkListing[] {
  return parseTable(output).map((row) => ({
    tenant: cell(row, "Tenant"),
    name: cell(row, "Network"),
    encap: cell(row, "Encap type") === "vlan" ? "vlan" : "vxlan",
    tag: Number(cell(row, "Packet tag")),
    subnet: cell(row, "Subnet"),
    gateway: cell(row, "Gateway"),
  }));
}

/** `netctl tenant ls`. */
export function formatTenants(names: readonly string[]): string {
  return formatTable(
    ["Name"],
    names.map((name) => [name]),
  );
}

/** What `netctl tenant ls` says. */
export function parseTenants(output: string): string[] {
  return parseTable(output).map((row) => cell(row, "Name"));
}

/** `netctl policy ls`. */
export function formatPolicies(policies: readonly { tenant: string; name: string }[]): string {
  return formatTable(
    ["Tenant", "Policy"],
    policies.map(({ tenant, name }) => [tenant, name]),
  );
}

/** What `netctl policy ls` says. */
export function parsePolicies(output: string): string[] {
  return parseTable(output).map((row) => cell(row, "Policy"));
}

/** `netctl group ls`. */
export function formatGroups(groups: readonly GroupSpec[]): string {
  return formatTable(
    ["Tenant", "Group", "Network", "IP Pool", "CfgdTag", "Policies", "Network profile"],
    groups.map(({ tenant = "", name, network, policies }) => [
      ...[tenant, name, network, "", "", policies.join(","), ""],
    ]),
  );
}

/** What `netctl group ls` says. */
export function parseGroups(output: string): GroupSpec[] {
  return parseTable(output).map((row) => ({
    tenant: cell(row, "Tenant"),
    name: cell(row, "Group"),
    network: cell(row, "Network"),
    policies: cell(row, "Policies").split(",").filter(Boolean),
  }));
}

const ends = { in: "From", out: "To" } as const;
const headings = { in: "Incoming Rules:", out: "Outgoing Rules:" } as const;
const directions = ["in", "out"] as const;

/** `netctl policy rule-ls`: a table for each direction. */
export function formatRules(rules: readonly Rule[]): string {
  return directions.map((direction) => `${headings[direction]}\n${ruleTable(rules, direction)}`).join("");
}

function ruleTable(rules: readonly Rule[], direction: Rule["direction"]): string {
  const end = ends[direction];
  return formatTable(
    [
      ...["Rule", "Priority", `${end} EndpointGroup`, `${end} Network`, `${end} IpAddress`],
      ...["Protocol", "Port", "Action"],
    ],
    rules
      .filter((rule) => rule.direction === direction)
      .map(({ id, priority = 1, peer = {}, protocol, port = 0, action }) => [
        ...[id, String(priority), peer.group ?? "", peer.network ?? "", peer.address ?? ""],
        ...[protocol === "any" ? "" : protocol, String(port), action],
      ]),
  );
}

/** What `netctl policy rule-ls` says, both directions. */
export function parseRules(output: string): Rule[] {
  const parts = sections(output, Object.values(headings));
  return directions.flatMap((direction) =>
    parseTable(parts[headings[direction]]).map((row) => ruleOf(row, direction)),
  );
}

function ruleOf(row: TableRow, direction: Rule["direction"]): Rule {
  const end = ends[direction];
  const port = Number(cell(row, "Port"));
  const peer = {
    group: row[`${end} EndpointGroup`] ?? "",
    network: row[`${end} Network`] ?? "",
    address: row[`${end} IpAddress`] ?? "",
  };
  const named = Object.entries(peer).filter(([, value]) => value !== "");
  return {
    id: cell(row, "Rule"),
    direction,
    protocol: (cell(row, "Protocol") || "any") as Rule["protocol"],
    ...(port === 0 ? {} : { port }),
    action: cell(row, "Action") === "deny" ? "deny" : "allow",
    priority: Number(cell(row, "Priority")),
    ...(named.length > 0 ? { peer: Object.fromEntries(named) } : {}),
  };
}

/** Throws when the table has no such column: another netctl than the one that is known here. */
function cell(row: TableRow, header: string): string {
  const value = row[header];
  if (value === undefined) {
    throw new Error(`netctl: expected a column ${header}, got ${Object.keys(row).join(", ")}`);
  }
  return value;
}
