import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { rankOf } from "./order.ts";
import { disruptive } from "./pool/disruptive.ts";
import { chapters, chaptersOnDemand } from "./projects.ts";

const files = [...chapters, ...chaptersOnDemand].flatMap((folder) =>
  readdirSync(join(projectRoot, "suites", folder))
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `suites/${folder}/${name}`),
);
/** The text of a chapter and of all modules of the suites that it imports, also by others. */
function textOf(chapter: string): string {
  const found = new Set([chapter]);
  for (const file of found) {
    for (const [, name = ""] of readFileSync(join(projectRoot, file), "utf8").matchAll(
      / from "([#.][^"]+)"/g,
    )) {
      const imported = name.startsWith("#") ? name.slice(1) : normalize(join(dirname(file), name));
      if (/^suites\/(?!requirements\/)/.test(imported)) found.add(imported);
    }
  }
  return [...found].map((file) => readFileSync(join(projectRoot, file), "utf8")).join("\n");
}

const rank = (file: string) => rankOf(join(projectRoot, file));

test("chapters come in the order of the tutorial, and those that restart what others rely on come last", () => {
  expect(files.toSorted((one, other) => rank(one) - rank(other) || one.localeCompare(other, "en"))).toEqual([
    "suites/basics/basics.test.ts",
    "suites/basics/cni.test.ts",
    "suites/basics/reattachment.test.ts",
    "suites/multihost/changes.test.ts",
    "suites/multihost/multihost.test.ts",
    "suites/tenants/tenants.test.ts",
    "suites/external/external.test.ts",
    "suites/external/vlan.test.ts",
    "suites/datapath/flows.test.ts",
    "suites/datapath/gateway-modes.test.ts",
    "suites/datapath/networks.test.ts",
    "suites/datapath/publishing.test.ts",
    "suites/datapath/sctp.test.ts",
    "suites/datapath/ways.test.ts",
    "suites/ipv6/networks.test.ts",
    "suites/ipv6/plugin.test.ts",
    "suites/encryption/keys.test.ts",
    "suites/encryption/traffic.test.ts",
    "suites/bgp/bgp.test.ts",
    "suites/lifecycle/containers.test.ts",
    "suites/policy/rules.test.ts",
    "suites/plugin/faults.test.ts",
    "suites/swarm/discovery.test.ts",
    "suites/cleanup/cleanup.test.ts",
    "suites/connections/established.test.ts",
    "suites/connections/partition.test.ts",
    "suites/disorder/churn.test.ts",
    "suites/disorder/latencies.test.ts",
    "suites/disorder/leaks.test.ts",
    "suites/disorder/policies.test.ts",
    "suites/policy/policy.test.ts",
    "suites/encryption/rotation.test.ts",
    "suites/swarm/swarm.test.ts",
    "suites/plugin/restarts.test.ts",
    "suites/lifecycle/engines.test.ts",
    "suites/lifecycle/killed-engines.test.ts",
    "suites/lifecycle/plugin.test.ts",
    "suites/lifecycle/firewall.test.ts",
    "suites/lifecycle/lost-nodes.test.ts",
    "suites/connections/restarts.test.ts",
    "suites/disorder/cut-off.test.ts",
    "suites/disorder/nemesis.test.ts",
  ]);
});

test("side by side, the longest comes first, and what else waits long for engines before what else restarts them", () => {
  const sideBySide = files.toSorted(
    (one, other) =>
      rankOf(join(projectRoot, one), { sideBySide: true }) -
      rankOf(join(projectRoot, other), { sideBySide: true }),
  );
  expect(sideBySide[0]).toBe("suites/lifecycle/killed-engines.test.ts");
  expect(sideBySide.slice(1, 5)).toEqual([
    "suites/datapath/networks.test.ts",
    "suites/datapath/publishing.test.ts",
    "suites/datapath/ways.test.ts",
    "suites/lifecycle/containers.test.ts",
  ]);
  const last = sideBySide.slice(1 - Object.keys(disruptive).length);
  expect(last.slice(0, 4)).toEqual(
    ["plugin", "firewall", "lost-nodes", "engines"].map((name) => `suites/lifecycle/${name}.test.ts`),
  );
  expect([sideBySide[0], ...last].toSorted()).toEqual(
    Object.keys(disruptive)
      .map((path) => `${path}.test.ts`)
      .toSorted(),
  );
});

test("every chapter that stops or restarts an engine or the plugin, itself or in a module beside it, says so", () => {
  const restarting = files.filter((file) =>
    /driver\.(restart|stop|rotateKeys)\b|\{ (restart|stop) \} = |nodeEngineCommand|docker\/engine\//.test(
      textOf(file),
    ),
  );
  expect(Object.keys(disruptive).sort()).toEqual(
    restarting.map((file) => file.replace(".test.ts", "")).sort(),
  );
});
