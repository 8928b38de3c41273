import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { rankOf } from "./order.ts";
import { disruptive } from "./pool/disruptive.ts";
import { chapters } from "./projects.ts";

const files = chapters.flatMap((folder) =>
  readdirSync(join(projectRoot, "suites", folder))
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `suites/${folder}/${name}`),
);
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
    "suites/policy/policy.test.ts",
    "suites/encryption/rotation.test.ts",
    "suites/swarm/swarm.test.ts",
    "suites/plugin/restarts.test.ts",
    "suites/lifecycle/engines.test.ts",
    "suites/lifecycle/killed-engines.test.ts",
    "suites/lifecycle/plugin.test.ts",
    "suites/lifecycle/firewall.test.ts",
    "suites/lifecycle/lost-nodes.test.ts",
  ]);
});

test("side by side, the longest comes first, and what else waits long for engines before what else restarts them", () => {
  const sideBySide = files.toSorted(
    (one, other) =>
      rankOf(join(projectRoot, one), { sideBySide: true }) -
      rankOf(join(projectRoot, other), { sideBySide: true }),
  );
  expect(sideBySide[0]).toBe("suites/lifecycle/killed-engines.test.ts");
  const last = sideBySide.slice(1 - Object.keys(disruptive).length);
  expect(last.slice(0, 3)).toEqual(
    ["engines", "plugin", "lost-nodes"].map((name) => `suites/lifecycle/${name}.test.ts`),
  );
  expect([sideBySide[0], ...last].toSorted()).toEqual(
    Object.keys(disruptive)
      .map((path) => `${path}.test.ts`)
      .toSorted(),
  );
});

test("every chapter that stops or restarts an engine or the plugin says so", () => {
  const restarting = files.filter((file) =>
    /driver\.(restart|stop|rotateKeys)\b|\{ (restart|stop) \} = |nodeEngineCommand|docker\/engine\//.test(
      readFileSync(join(projectRoot, file), "utf8"),
    ),
  );
  expect(Object.keys(disruptive).sort()).toEqual(
    restarting.map((file) => file.replace(".test.ts", "")).sort(),
  );
});
