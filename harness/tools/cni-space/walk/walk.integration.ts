import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DebugFault } from "#harness/cni/debug-plugins/faults.ts";
import { installDebugPlugins } from "#harness/cni/debug-plugins/install.ts";
import { gateway, subnet } from "#harness/cni/testbed/profiles.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import type { OptionSpace } from "#harness/tools/cni-space/option.ts";
import { walk } from "./walk.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-space-"));
const host = new LocalHost();
const ipam: OptionSpace["base"] = {
  ipam: ({ dataDir }) => ({ type: "debug-ipam", subnet, gateway, routes: [{ dst: "0.0.0.0/0" }], dataDir }),
};

/** An address of the host from which it asks. */
const asker = "ip address add 10.88.0.254/32 dev lo";

const spaces = {
  "debug-interface": {
    ...{ plugin: "debug-interface", kind: "interface", source: "" },
    base: ipam,
    options: {
      effect: {
        none: {},
        kept: {
          effects: [
            { what: "the interface", line: "ip -n $NETNS link show dev $IF", shows: /nc0/ },
            { what: "an address", told: ({ ips = [] }) => ips.length === 1 },
          ],
        },
        "not kept": {
          effects: [
            { what: "a bridge", line: "ip -n $NETNS -d link", shows: /bridge/ },
            { what: "two addresses", told: ({ ips = [] }) => ips.length === 2 },
          ],
        },
      },
      reach: {
        none: {},
        host: { prepareHost: asker },
        nowhere: { prepareHost: `${asker}; iptables -A INPUT -p icmp -j DROP` },
      },
    },
    reach: ({ reach }) => (reach === "none" ? {} : { host: {} }),
    allocates: () => true,
  },
  "debug-chained": {
    ...{ plugin: "debug-chained", kind: "chained", source: "" },
    base: { config: ({ dataDir }) => ({ dataDir }) },
    options: { family: { IPv4: {}, IPv6: {}, "dual stack": {} } },
    reach: () => ({ host: { via: "ncx$INDEX" } }),
  },
  "one-address": {
    ...{ plugin: "one-address", kind: "ipam", source: "" },
    options: { effect: { none: {} } },
    allocates: () => true,
  },
} satisfies Record<string, OptionSpace>;

/** By plugin and fault, the rules that have to be red, each alone. */
const faults: ["debug-interface" | "debug-chained", DebugFault, string[]][] = [
  ["debug-interface", "check-fails-at-first", ["CNI-11a"]],
  ["debug-interface", "result-with-other-mac", ["CNI-5e"]],
  ["debug-interface", "del-once", ["CNI-9a", "CNI-9b"]],
  ["debug-chained", "prevresult-dropped", ["CNI-6a"]],
  ["debug-chained", "del-leaves-rules", ["CNI-10d"]],
];

/** Plugins in a few words of JavaScript: `config` is what they get. */
const scripts = {
  "passes-on": 'if (command === "ADD") console.log(JSON.stringify(config.prevResult));',
  "one-address":
    'if (command === "ADD") console.log(JSON.stringify({ cniVersion: "1.1.0", ips: [{ address: "10.88.0.7/24" }] }));',
};

beforeAll(async () => {
  const all = faults.map(([plugin, behaviour]) => ({ plugin, behaviour }));
  await installDebugPlugins(host, folder, all);
  for (const [name, body] of Object.entries(scripts)) {
    const given =
      'const config = JSON.parse(require("fs").readFileSync(0)); const command = process.env.CNI_COMMAND;';
    writeFileSync(join(folder, name), `#!${process.execPath}\n${given}\n${body}\n`, { mode: 0o755 });
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

async function walkThrough(plugin: keyof typeof spaces, type: string, choices: Record<string, string>) {
  const found = {
    host,
    type,
    path: join(folder, type),
    cniPath: [folder],
    version: "1.1.0" as const,
    claims: [],
  };
  const walked = await walk(found, spaces[plugin], { name: `${type}-01`, plugin: type, choices });
  const red = Object.entries(walked.verdicts).filter(([, { outcome }]) => outcome === "failed");
  return { ...walked, red: red.map(([rule]) => rule) };
}

const usual = { effect: "none", reach: "none" };

describe("a plugin that keeps every rule has no red", () => {
  test("one that makes interfaces, with effects that are there, reached by the host", async () => {
    const { red, verdicts } = await walkThrough("debug-interface", "debug-interface", {
      ...{ effect: "kept", reach: "host" },
    });
    expect(red).toEqual([]);
    for (const rule of [
      "CNI-1",
      "CNI-5e",
      "CNI-9b",
      "CNI-10c",
      "CNI-10d",
      "CNI-11a",
      "CNI-17b",
      "option",
      "reach",
    ]) {
      expect(verdicts).toMatchObject({ [rule]: { outcome: "passed" } });
    }
  });

  test.each(["IPv6", "dual stack"])("a chained one after %s addresses", async (family) => {
    const { red, verdicts, steps } = await walkThrough("debug-chained", "passes-on", { family });
    expect(red).toEqual([]);
    expect(verdicts).toMatchObject({ reach: { outcome: "passed" }, "CNI-6a": { outcome: "passed" } });
    expect(steps.join("\n")).toContain("address add fd00:88::2/64");
  });
});

test.each(faults)("%s with the fault %s is red in that alone", async (plugin, fault, expected) => {
  const choices = plugin === "debug-chained" ? { family: "IPv4" } : usual;
  const { red } = await walkThrough(plugin, `${plugin}.${fault}`, choices);
  expect(red).toEqual(expected);
});

test("an address that two containers get is told", async () => {
  const { red } = await walkThrough("one-address", "one-address", { effect: "none" });
  expect(red).toEqual(["CNI-17b"]);
});

describe("what the plugin's page says", () => {
  test("is red where its effect is neither there nor in the result", async () => {
    const { red, verdicts } = await walkThrough("debug-interface", "debug-interface", {
      ...{ ...usual, effect: "not kept" },
    });
    expect(red).toEqual(["option"]);
    expect(verdicts.option?.reasons).toHaveLength(2);
  });

  test("is red where no packet comes through", async () => {
    const { red, verdicts } = await walkThrough("debug-interface", "debug-interface", {
      ...{ ...usual, reach: "nowhere" },
    });
    expect(red).toEqual(["reach"]);
    expect(verdicts.reach?.reasons.join()).toContain("to answer to ping");
  });
});

test("where ADD fails, that is the one red, and nothing else is passed", async () => {
  const space: OptionSpace = {
    ...spaces["one-address"],
    base: { ipam: { type: "debug-ipam", subnet: "no subnet" } },
  };
  const found = {
    ...{ host, type: "debug-ipam", path: join(folder, "debug-ipam"), cniPath: [folder] },
    ...{ version: "1.1.0" as const, claims: [] },
  };
  const { verdicts } = await walk(found, space, {
    name: "x-01",
    plugin: "debug-ipam",
    choices: { effect: "none" },
  });
  const { "CNI-1": add, ...others } = verdicts;
  expect(add?.outcome).toBe("failed");
  expect(Object.values(others).map(({ outcome }) => outcome)).toEqual(
    Object.keys(others).map(() => "not run"),
  );
});
