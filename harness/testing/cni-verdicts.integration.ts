import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installDebugPlugins } from "#harness/cni/debug-plugins/install.ts";
import { runCniSuite, type SuiteResult } from "#harness/conformance/cni-run/run-suite.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-cni-verdicts-"));
const sound = join(folder, "sound");
const odd = join(folder, "odd");

/** What plugins of other people do, as a shell script around a debug plugin: `$in` is its configuration, `sound` the plugin itself. */
const plugins: Record<string, string> = {
  // Its job, as route-override's is: the route is gone from the container and from the result.
  "debug-chained.removes-routes": `
    out=$(sound); code=$?
    [ "$CNI_COMMAND$code" = ADD0 ] && nsenter --net="$CNI_NETNS" ip route del default
    printf %s "$out" | sed 's/"routes":\\[[^]]*\\]/"routes":[]/'; exit $code`,
  "debug-chained.hides-routes": `
    out=$(sound); code=$?
    printf %s "$out" | sed 's/"routes":\\[[^]]*\\]/"routes":[]/'; exit $code`,
  "debug-chained.del-needs-prevresult": `
    case "$CNI_COMMAND $in" in DEL*prevResult*) ;; DEL*) refuse ;; esac
    sound`,
  "debug-chained.check-never": `
    [ "$CNI_COMMAND" = CHECK ] && refuse
    sound`,
  "debug-interface.check-never": `
    [ "$CNI_COMMAND" = CHECK ] && refuse
    sound`,
  // As one whose CHECK fails by itself when it has asked its delegate.
  "debug-interface.check-never-after-delegate": `
    out=$(sound); code=$?
    [ "$CNI_COMMAND" = CHECK ] && refuse
    printf %s "$out"; exit $code`,
  // Has the rule that the plugin after it in the list would make, so that the list never comes to its end.
  "debug-interface.in-the-way": `
    case "$CNI_COMMAND $in" in DEL*prevResult*) ;; DEL*) refuse ;; esac
    out=$(sound); code=$?
    address=$(printf %s "$out" | sed 's/.*"address":"\\([0-9.]*\\).*/\\1/')
    [ "$CNI_COMMAND$code" = ADD0 ] && ip rule add from "$address" lookup 77 pref 30077
    [ "$CNI_COMMAND$code" = DEL0 ] && ip rule del pref 30077
    printf %s "$out"; exit $code`,
  // In a list the plugin before it is debug-interface, which calls the host's end of its pair so.
  "debug-chained.refuses-in-list": `
    case "$CNI_COMMAND $in" in ADD*'"name":"dbg'*) refuse ;; esac
    sound`,
  // Nothing for the break of the ready-made configuration to take away.
  "debug-chained.sets-nothing": `
    [ "$CNI_COMMAND" = CHECK ] && exit 0
    sound; code=$?
    [ "$CNI_COMMAND$code" = ADD0 ] && ip rule del pref 30077
    exit $code`,
  "debug-interface.refuses": `
    [ "$CNI_COMMAND" = ADD ] && [ -n "$CNI_NETNS" ] && refuse
    sound`,
  // As ovs-cni does: its DEL is that of the configuration with which ADD came as far as the delegate.
  "debug-interface.keeps-configuration": `
    kept="/run/$CNI_CONTAINERID"
    case "$CNI_COMMAND $in" in ADD*'"type":"nc-no-such-plugin"'*) printf %s "$in" >"$kept" ;; esac
    [ "$CNI_COMMAND" = DEL ] && [ -e "$kept" ] && in=$(cat "$kept")
    sound; code=$?
    [ "$CNI_COMMAND$code" = DEL0 ] && rm -f "$kept"
    exit $code`,
  // As egress-router does with a second interface.
  "debug-interface.adds-once": `
    [ "$CNI_COMMAND$CNI_IFNAME" = ADDnc1 ] && exit 0
    sound`,
  // As macvtap does without an address manager.
  "debug-interface.wants-nothing": `
    out=$(sound) || { [ "$CNI_COMMAND" = ADD ] && exit 0; printf %s "$out"; exit 1; }
    printf %s "$out"`,
  "debug-interface.says-nothing": `
    [ "$CNI_COMMAND" = ADD ] && exit 0
    sound`,
  // As whereabouts does: its leases are where the suite cannot look.
  "debug-ipam.keeps-elsewhere": `
    in=$(printf %s "$in" | sed 's|"dataDir":"\\([^"]*\\)"|"dataDir":"\\1-elsewhere"|')
    sound`,
  "debug-ipam.says-plain-text": `
    out=$(sound) || { echo 'not today' >&2; exit 1; }
    printf %s "$out"`,
  // As dhcp does: the routes of the configuration are none of its own.
  "debug-interface.ignores-routes": `
    in=$(printf %s "$in" | sed 's/"routes":\\[[^]]*\\]/"routes":[]/')
    sound`,
  "unheard-of": "exit 0",
};

function script(name: string, body: string): string {
  const [base] = name.split(".");
  return `#!/bin/sh
in=$(cat)
sound() { printf %s "$in" | ${sound}/${base}; }
refuse() { echo '{"cniVersion":"1.1.0","code":111,"msg":"not today"}'; exit 1; }
${body}
`;
}

let results: SuiteResult[];

beforeAll(async () => {
  await installDebugPlugins(new LocalHost(), sound);
  mkdirSync(odd);
  for (const [name, body] of Object.entries(plugins)) {
    writeFileSync(join(odd, name), script(name, body), { mode: 0o755 });
  }
  results = await runCniSuite({
    plugins: [odd],
    versions: ["1.1.0"],
    only: [
      "CNI-1",
      "CNI-2a",
      "CNI-2b",
      "CNI-3a",
      "CNI-3b",
      "CNI-3c",
      "CNI-3d",
      "CNI-4a",
      "CNI-5a",
      "CNI-6a",
      "CNI-9b",
      "CNI-10b",
      "CNI-10c",
      "CNI-10d",
      "CNI-11a",
      "CNI-11b",
      "CNI-11c",
      "CNI-11g",
      "CNI-11h",
      "CNI-12a",
      "CNI-14b",
      "CNI-14c",
      "CNI-15b",
      "CNI-15c",
      "CNI-20b",
      "CNI-21",
    ],
    without: ["concurrency"],
    settings: { CNI_PATH: sound, CONFIG: "", KIND: "" },
  });
}, 600_000);

afterAll(() => rmSync(folder, { recursive: true }));

/** Of one plugin: how the tests of a rule ended, each way once. */
function outcomesOf(plugin: string, rule?: string): string[] {
  const own = results.filter(
    ({ driver, requirement }) => driver === plugin && (!rule || requirement === rule),
  );
  return [...new Set(own.map(({ outcome }) => outcome))].sort();
}

/** How the tests of a rule ended that run a plugin in lists. */
function inLists(plugin: string, rule: string): SuiteResult[] {
  return results.filter(
    ({ driver, requirement, title }) =>
      driver === plugin && requirement === rule && title.includes(", debug-chained"),
  );
}

const failedOf = (plugin: string) => [
  ...new Set(
    results
      .filter(({ driver, outcome }) => driver === plugin && outcome === "failed")
      .map(({ requirement }) => requirement),
  ),
];

describe("what is not the plugin's fault is not charged to it", () => {
  test("a route that is gone from the container need not be in the result", () => {
    expect(outcomesOf("debug-chained.removes-routes", "CNI-6a")).toEqual(["passed"]);
    expect(outcomesOf("debug-chained.hides-routes", "CNI-6a")).toEqual(["failed"]);
  });

  test("that a chained plugin needs prevResult for DEL breaks what should be, and not what must be", () => {
    expect(outcomesOf("debug-chained.del-needs-prevresult", "CNI-9b")).toEqual(["passed"]);
    expect(outcomesOf("debug-chained.del-needs-prevresult", "CNI-10b")).toEqual(["failed"]);
  });

  test("a CHECK that never succeeds is told once, and says nothing of what follows on it or of GC", () => {
    for (const [plugin, rules] of [
      ["debug-chained.check-never", ["CNI-11b", "CNI-11g"]],
      ["debug-interface.check-never", ["CNI-11b", "CNI-11c", "CNI-15b", "CNI-20b"]],
      ["debug-interface.check-never-after-delegate", ["CNI-11b", "CNI-11c", "CNI-20b"]],
    ] as const) {
      expect(failedOf(plugin)).toEqual(["CNI-11a"]);
      for (const rule of rules) expect([rule, outcomesOf(plugin, rule)]).toEqual([rule, ["not run"]]);
    }
    expect(outcomesOf("debug-chained.check-never", "CNI-14c")).toEqual(["passed"]);
    expect(outcomesOf("debug-chained.check-never", "CNI-21")).toEqual(["passed"]);
  });

  test("that CHECK calls the delegate is seen also where it fails then, and whose failure it is is not", () => {
    expect(outcomesOf("debug-interface.check-never-after-delegate", "CNI-15b")).toEqual(["passed"]);
    for (const plugin of ["debug-interface.check-never", "debug-interface.check-never-after-delegate"]) {
      const passedOn = results.filter(
        ({ driver, requirement }) => driver === plugin && requirement === "CNI-15c",
      );
      expect(passedOn.map(({ title, outcome }) => [/CHECK|DEL/.exec(title)?.[0], outcome]).sort()).toEqual([
        ["CHECK", "not run"],
        ["DEL", "passed"],
      ]);
    }
  });

  test("a list that another plugin ends says nothing of this one, and names the other", () => {
    const plugin = "debug-interface.in-the-way";
    for (const rule of ["CNI-21", "CNI-11b", "CNI-10d"]) {
      const [one, ...others] = inLists(plugin, rule);
      expect([rule, one?.outcome, others]).toEqual([rule, "blocked", []]);
      expect(one?.reason).toContain("ADD of debug-chained, which is part of the list, is not done");
    }
    expect(failedOf(plugin)).not.toContain("CNI-21");
  });

  test("an ADD that is refused in a list is told once, and shows nothing of what its DEL leaves", () => {
    const plugin = "debug-chained.refuses-in-list";
    expect(failedOf(plugin)).toEqual(["CNI-21"]);
    for (const rule of ["CNI-11b", "CNI-10d"]) {
      expect([rule, inLists(plugin, rule).map(({ outcome }) => outcome)]).toEqual([rule, ["not run"]]);
    }
  });

  test("nothing is left by a DEL with the configuration of an ADD whose delegate was missing", () => {
    expect(outcomesOf("debug-interface.keeps-configuration", "CNI-2b")).toEqual(["passed"]);
    expect(failedOf("debug-interface.keeps-configuration")).toEqual([]);
  });

  test("a second attachment that is not there shows nothing of CHECK, nor a call that does not fail of errors", () => {
    expect(outcomesOf("debug-interface.adds-once", "CNI-20b")).toEqual(["not run"]);
    expect(outcomesOf("debug-interface.wants-nothing", "CNI-2b")).toEqual(["not run"]);
  });

  test("leases that nobody has seen are neither kept nor given back", () => {
    for (const rule of ["CNI-10c", "CNI-11h", "CNI-14b"]) {
      expect([rule, outcomesOf("debug-ipam.keeps-elsewhere", rule)]).toEqual([rule, ["not run"]]);
    }
    expect(failedOf("debug-ipam.keeps-elsewhere")).toEqual([]);
  });

  test("an error without JSON is told once, and has no code that could be wrong", () => {
    expect(failedOf("debug-ipam.says-plain-text")).toEqual(["CNI-2a"]);
    for (const rule of ["CNI-2b", "CNI-3a", "CNI-3b", "CNI-3c", "CNI-3d"]) {
      expect([rule, outcomesOf("debug-ipam.says-plain-text", rule)]).toEqual([rule, ["not run"]]);
    }
  });

  test("an ADD that does not fail half-way says nothing of what such a one leaves", () => {
    expect(outcomesOf("debug-interface.ignores-routes", "CNI-10d")).toEqual(["not run", "passed"]);
    expect(failedOf("debug-interface.ignores-routes")).toEqual([]);
  });

  test("a break that has changed nothing shows nothing", () => {
    const [noticed] = results.filter(
      ({ driver, requirement }) => driver === "debug-chained.sets-nothing" && requirement === "CNI-11g",
    );
    expect(noticed).toMatchObject({ outcome: "not run", sawNothing: true });
    expect(noticed?.reason).toContain("the plugin has not set up the source rule");
    expect(failedOf("debug-chained.sets-nothing")).toEqual([]);
  });
});

describe("a plugin that attaches nothing", () => {
  test("is told of once; what needs an attachment is blocked, the rest is judged", () => {
    expect(failedOf("debug-interface.refuses")).toEqual(["CNI-1"]);
    expect(outcomesOf("debug-interface.refuses", "CNI-5a")).toEqual(["blocked"]);
    expect(outcomesOf("debug-interface.refuses", "CNI-12a")).toEqual(["passed"]);
  });

  test("and says that it has breaks the rules on exit code and result", () => {
    expect(failedOf("debug-interface.says-nothing")).toEqual(expect.arrayContaining(["CNI-1", "CNI-4a"]));
    expect(outcomesOf("debug-interface.says-nothing", "CNI-5a")).toEqual(["blocked"]);
  });

  test("because nobody knows its configuration is told of in its place, among others", () => {
    expect(outcomesOf("unheard-of")).toEqual(["blocked"]);
    const [one] = results.filter(({ driver }) => driver === "unheard-of");
    expect(one?.reason).toContain("there is no ready-made configuration for a plugin called unheard-of");
  });
});
