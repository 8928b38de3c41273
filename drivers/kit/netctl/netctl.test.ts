import { describe, expect, it } from "vitest";
import {
  formatGroups,
  formatNetworks,
  formatPolicies,
  formatRules,
  formatTenants,
  parseGroups,
  parseNetworks,
  parsePolicies,
  parseRules,
  parseTenants,
} from "./listings.ts";
import { errorIn, logLine, parseVersions } from "./messages.ts";
import { formatTable, parseTable } from "./table.ts";

/** Contiv's netctl pads the last column too. */
function table(headers: readonly string[], ...rows: readonly string[][]): string {
  return formatTable(headers, rows).replaceAll(/(?<=.)$/gm, "   ");
}

const networkHeaders = [
  ...["Tenant", "Network", "Nw Type", "Encap type", "Packet tag", "Subnet", "Gateway"],
  ...["IPv6Subnet", "IPv6Gateway", "Cfgd Tag"],
];
const ruleEnds = { in: ["From EndpointGroup", "From Network", "From IpAddress", "To IpAddress"] };
const incoming = ["Rule", "Priority", ...ruleEnds.in, "Protocol", "Port", "Action"];
const outgoing = [
  "Rule",
  "Priority",
  "To EndpointGroup",
  "To Network",
  "To IpAddress",
  "Protocol",
  "Port",
  "Action",
];

describe("netctl's tables", () => {
  it("keep every cell in its column, also next to empty ones", () => {
    const output = table(
      ["Tenant", "Group", "IP Pool", "Policies"],
      ["default", "db", "", "db-policy"],
      ["", "web", "", ""],
    );
    expect(parseTable(output)).toEqual([
      { Tenant: "default", Group: "db", "IP Pool": "", Policies: "db-policy" },
      { Tenant: "", Group: "web", "IP Pool": "", Policies: "" },
    ]);
  });

  it("can have a rule whose dashes are shorter than the headers, and values that are longer", () => {
    const output = "Name       Net\n---        ---\na-long-one  x\n".replace("a-long-one  x", "a-longish  x");
    expect(parseTable(output)).toEqual([{ Name: "a-longish", Net: "x" }]);
  });

  it("have no rows without a rule, and none below it when there is nothing", () => {
    expect(parseTable("")).toEqual([]);
    expect(parseTable("Tenant  Policy\n")).toEqual([]);
    expect(parseTable(table(["Tenant", "Policy"]))).toEqual([]);
  });
});

describe("what is formatted", () => {
  it("has a dashed rule below the head, and columns that hold what is longest", () => {
    expect(
      formatTable(
        ["Tenant", "Tag"],
        [
          ["a-longer-one", "7"],
          ["b", ""],
        ],
      ),
    ).toBe("Tenant        Tag\n------        ---\na-longer-one  7\nb\n");
  });

  it("is read back as it was: networks, tenants, policies, groups, rules", () => {
    const networks = [
      ...[
        { tenant: "default", name: "a", encap: "vxlan", tag: 0, subnet: "10.1.2.0/24", gateway: "" } as const,
      ],
      ...[
        {
          tenant: "blue",
          name: "b",
          encap: "vlan",
          tag: 7,
          subnet: "10.1.3.0/24",
          gateway: "10.1.3.1",
        } as const,
      ],
    ];
    expect(parseNetworks(formatNetworks(networks))).toEqual(networks);
    expect(parseTenants(formatTenants(["default", "blue"]))).toEqual(["default", "blue"]);
    expect(parsePolicies(formatPolicies([{ tenant: "blue", name: "p" }]))).toEqual(["p"]);
    const groups = [{ tenant: "blue", name: "web", network: "b", policies: ["p", "q"] }];
    expect(parseGroups(formatGroups(groups))).toEqual(groups);
    const rules = [
      { id: "1", direction: "in", protocol: "any", action: "deny", priority: 1 } as const,
      {
        ...({ id: "2", direction: "out", protocol: "tcp", port: 80, action: "allow", priority: 9 } as const),
        peer: { address: "10.1.2.0/24" },
      },
    ];
    expect(parseRules(formatRules(rules))).toEqual(rules);
  });

  it("names the VNI that the plugin chose nowhere, as Contiv", () => {
    const network = { tenant: "default", name: "a", subnet: "10.1.2.0/24", gateway: "" };
    expect(parseNetworks(formatNetworks([{ ...network, encap: "vxlan", tag: 10_001 }]))[0]?.tag).toBe(0);
  });
});

describe("netctl's listings", () => {
  it("tell networks with encapsulation, tag and gateway", () => {
    const output = table(
      networkHeaders,
      ["default", "contiv-net", "data", "vxlan", "0", "10.1.2.0/24", "", "", "", ""],
      ["blue", "contiv-vlan", "data", "vlan", "112", "10.1.3.0/24", "10.1.3.254", "", "", "contiv-vlan.blue"],
    );
    expect(parseNetworks(output)).toEqual([
      { tenant: "default", name: "contiv-net", encap: "vxlan", tag: 0, subnet: "10.1.2.0/24", gateway: "" },
      {
        tenant: "blue",
        name: "contiv-vlan",
        encap: "vlan",
        tag: 112,
        subnet: "10.1.3.0/24",
        gateway: "10.1.3.254",
      },
    ]);
  });

  it("tell networks as the tutorial's older netctl does, without the later columns", () => {
    const output = table(networkHeaders.slice(0, 7), [
      "default",
      "contiv-net",
      "data",
      "vxlan",
      "0",
      "10.1.2.0/24",
      "",
    ]);
    expect(parseNetworks(output)).toMatchObject([{ name: "contiv-net", subnet: "10.1.2.0/24", gateway: "" }]);
  });

  it("tell tenants and policies", () => {
    expect(parseTenants(table(["Name"], ["default"], ["blue"]))).toEqual(["default", "blue"]);
    expect(parsePolicies(table(["Tenant", "Policy"], ["default", "db-policy"]))).toEqual(["db-policy"]);
  });

  it("tell groups with several policies, or none", () => {
    const headers = ["Tenant", "Group", "Network", "IP Pool", "CfgdTag", "Policies", "Network profile"];
    const output = table(
      headers,
      ["default", "db", "contiv-net", "", "", "db-policy,more", ""],
      ["blue", "web", "contiv-net", "10.1.2.10-10.1.2.20", "", "", ""],
    );
    expect(parseGroups(output)).toEqual([
      { tenant: "default", name: "db", network: "contiv-net", policies: ["db-policy", "more"] },
      { tenant: "blue", name: "web", network: "contiv-net", policies: [] },
    ]);
  });

  it("tell rules of both directions, with defaults left out", () => {
    const output = [
      "Incoming Rules:\n",
      table(
        incoming,
        ["1", "1", "", "", "", "", "tcp", "0", "deny"],
        ["2", "10", "web", "", "", "", "tcp", "8888", "allow"],
        ["3", "1", "", "", "10.1.2.3", "", "", "0", "allow"],
      ),
      "Outgoing Rules:\n",
      table(outgoing, ["4", "5", "", "contiv-net", "", "udp", "53", "deny"]),
    ].join("");
    expect(parseRules(output)).toEqual([
      { id: "1", direction: "in", protocol: "tcp", action: "deny", priority: 1 },
      {
        id: "2",
        direction: "in",
        protocol: "tcp",
        port: 8888,
        action: "allow",
        priority: 10,
        peer: { group: "web" },
      },
      {
        id: "3",
        direction: "in",
        protocol: "any",
        action: "allow",
        priority: 1,
        peer: { address: "10.1.2.3" },
      },
      {
        id: "4",
        direction: "out",
        protocol: "udp",
        port: 53,
        action: "deny",
        priority: 5,
        peer: { network: "contiv-net" },
      },
    ]);
  });

  it("of a policy without rules are empty", () => {
    expect(parseRules(`Incoming Rules:\n${table(incoming)}Outgoing Rules:\n${table(outgoing)}`)).toEqual([]);
  });

  it("with columns of another netctl are refused by name", () => {
    expect(() => parseTenants(table(["Title"], ["blue"]))).toThrow("expected a column Name, got Title");
  });
});

describe("what netctl says", () => {
  it.each([
    [
      'time="2026-11-21T20:53:38Z" level=error msg="requested vlan not available - vlan:112" \n',
      "requested vlan not available - vlan:112",
    ],
    [
      'time="t" level=error msg="Error creating network: \\"a\\"\\n  conflicts" ',
      'Error creating network: "a" conflicts',
    ],
    [
      'time="t" level=error msg="Error: Network has active endpoints\ngithub.com/contiv/some.call [network.go 264]\nruntime.goexit [asm_amd64.s 1594]\n\n" \n',
      "Error: Network has active endpoints",
    ],
    [
      'time="t" level=error msg="requested vlan not available - vlan:112\n" \n',
      "requested vlan not available - vlan:112",
    ],
    ["ERRO[0000] Network has active endpoints                 \n", "Network has active endpoints"],
    [
      'time="t" level=info msg="Creating policy default:p"\ntime="t" level=error msg="Policy is being used"',
      "Policy is being used",
    ],
    ["Incorrect Usage.\n\nNAME:\n", "Incorrect Usage."],
    ["", ""],
  ])("of an error in %j", (output, message) => {
    expect(errorIn(output)).toBe(message);
  });

  it("of an error that was logged", () => {
    expect(errorIn(`${logLine("INFO", "Creating policy p")}${logLine("ERRO", "policy is in use")}`)).toBe(
      "policy is in use",
    );
  });

  it("of versions, client's and server's apart", () => {
    const part = (version: string) => `Version: ${version}\nGitCommit: 0000000\nBuildTime: now\n\n`;
    const output = `Client Version:\n${part("1.2.1")}Server Version:\n${part("1.2.0")}`;
    expect(parseVersions(output)).toEqual({ client: "1.2.1", server: "1.2.0" });
    expect(parseVersions("Unable to fetch version information\n")).toEqual({
      client: "unknown",
      server: "unknown",
    });
  });
});
