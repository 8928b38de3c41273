import type { GroupSpec, NetworkListing, Rule } from "#drivers/driver.ts";
import { parseTable, sections, type TableRow } from "./tables.ts";

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

/** What `netctl tenant ls` says. */
export function parseTenants(output: string): string[] {
  return parseTable(output).map((row) => cell(row, "Name"));
}

/** What `netctl policy ls` says. */
export function parsePolicies(output: string): string[] {
  return parseTable(output).map((row) => cell(row, "Policy"));
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

/** What `netctl policy rule-ls` says, both directions. */
export function parseRules(output: string): Rule[] {
  const parts = sections(output, ["Incoming Rules:", "Outgoing Rules:"]);
  return [
    ...parseTable(parts["Incoming Rules:"]).map((row) => ruleOf(row, "in", "From")),
    ...parseTable(parts["Outgoing Rules:"]).map((row) => ruleOf(row, "out", "To")),
  ];
}

function ruleOf(row: TableRow, direction: Rule["direction"], end: "From" | "To"): Rule {
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
