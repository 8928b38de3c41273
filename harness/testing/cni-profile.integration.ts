import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installDebugPlugins } from "#harness/cni/debug-plugins/install.ts";
import { runCniSuite, type SuiteResult } from "#harness/conformance/cni-run/run-suite.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import type { CniRequirementId } from "#suites/requirements/rules/cni.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-cni-profile-"));
const log = join(folder, "calls");

/** The debug plugin under a name that the suite does not know, which writes down what it is told. */
function plugin(name: string, sound: string, extra = ""): string {
  const path = join(folder, name);
  const script = `#!/bin/sh
in=$(cat)
echo "$CNI_COMMAND $CNI_ARGS $in" >>${log}
${extra}
printf %s "$in" | ${join(folder, sound)}
`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

async function runWith(
  path: string,
  profile: string,
  only: readonly CniRequirementId[],
): Promise<SuiteResult[]> {
  const file = `${path}.profile.ts`;
  writeFileSync(
    file,
    `import { defineCniPlugin } from "netconform";\nexport default defineCniPlugin(${profile});\n`,
  );
  const settings = { CNI_PATH: folder, CONFIG: "", KIND: "", PROFILE: file };
  return runCniSuite({ plugins: [path], versions: ["1.1.0"], only, settings });
}

const notPassed = (results: readonly SuiteResult[]) =>
  results
    .filter(({ outcome }) => outcome !== "passed")
    .map(({ requirement, reason }) => `${requirement} ${reason}`);

beforeAll(() => installDebugPlugins(new LocalHost(), folder));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a profile of the user's", { timeout: 600_000 }, () => {
  test("gives the plugin its device, daemon, capability arguments and CNI_ARGS, and is held to its state", async () => {
    // Refuses where one of them is not there, and keeps a file for each container in the place's /run.
    const needs = `
if [ "$CNI_COMMAND" = ADD ] && [ -n "$CNI_NETNS" ]; then
  ip link show mydevice >/dev/null 2>&1 || { echo '{"code":100,"msg":"no mydevice"}'; exit 1; }
  [ -e /run/mydaemon.pid ] || { echo '{"code":100,"msg":"no daemon"}'; exit 1; }
fi
case "$CNI_COMMAND" in
ADD) mkdir -p /run/mine; [ -z "$CNI_CONTAINERID" ] || : >"/run/mine/$CNI_CONTAINERID" 2>/dev/null ;;
esac`;
    const path = plugin("my-plugin", "debug-interface", needs);
    const results = await runWith(
      path,
      `{
        kind: "interface",
        config: { capabilities: { deviceID: true }, ipam: { type: "debug-ipam", subnet: "10.88.0.0/24", dataDir: "{{dataDir}}" } },
        prepareHost: "ip link add mydevice type veth peer name mypeer; sleep 600 & echo $! >/run/mydaemon.pid",
        capabilities: ({ index }) => ({ deviceID: "0000:00:0" + index }),
        args: { IgnoreUnknown: "1", K8S_POD_NAME: "pod" },
        breakages: [{ what: "its record", script: "rm /run/mine/*", shows: "ls /run/mine" }],
        state: "ls /run/mine 2>/dev/null || true",
      }`,
      ["CNI-5e", "CNI-9a", "CNI-9b", "CNI-10d"],
    );
    // What the line breaks is in the place, where the line runs too.
    const broken = results.find(({ title }) => title.includes("DEL when its record is gone"));
    expect(broken?.outcome, broken?.reason).toBe("passed");
    const failed = results.filter(({ outcome }) => outcome === "failed");
    expect(
      failed.map(({ requirement }) => requirement),
      notPassed(results).join("\n"),
    ).toContain("CNI-10d");
    expect(
      failed.every(({ requirement }) => requirement === "CNI-10d"),
      notPassed(results).join("\n"),
    ).toBe(true);
    expect(failed[0]?.reason).toContain("kept, state after");
    const calls = readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("ADD "));
    expect(calls.length).toBeGreaterThan(3);
    for (const call of calls.filter((line) => line.includes('"runtimeConfig"'))) {
      expect(call).toMatch(/^ADD IgnoreUnknown=1;K8S_POD_NAME=pod .*"deviceID":"0000:00:0\d+"/);
    }
  });

  test("is prepared for where nothing is missing that it needs, and blocked where something is", async () => {
    const path = plugin("needing-plugin", "debug-interface");
    const results = await runWith(
      path,
      `{
        kind: "interface",
        config: { ipam: { type: "debug-ipam", subnet: "10.88.0.0/24", dataDir: "{{dataDir}}" } },
        needs: ["program netconform-not-installed"],
        prepareHost: "netconform-not-installed start",
        prepareContainer: "netconform-not-installed add",
        state: "netconform-not-installed list",
      }`,
      ["CNI-1", "CNI-3a", "CNI-5a", "CNI-12a"],
    );
    const outcomes = results.map(({ requirement, outcome }) => `${requirement} ${outcome}`);
    expect(outcomes, notPassed(results).join("\n")).toContain("CNI-5a blocked");
    expect(outcomes).toContain("CNI-12a passed");
    expect(
      notPassed(results).filter((line) => !line.includes("netconform-not-installed is not installed")),
    ).toEqual([]);
  });

  test("makes what the plugin has not left, whatever it is called", async () => {
    const path = plugin("dictating-plugin", "debug-interface");
    const results = await runWith(
      path,
      `{
        kind: "interface",
        config: { ipam: { type: "debug-ipam", subnet: "10.88.0.0/24", dataDir: "{{dataDir}}" } },
        prepareContainer: "ip link add mvt5eb$INDEX type veth peer name mvt6fc$INDEX; ip address add 10.9.9.9/32 dev mvt5eb$INDEX; touch /run/mvt\${INDEX}",
      }`,
      ["CNI-9c", "CNI-10d", "CNI-20a", "CNI-20c"],
    );
    expect(notPassed(results)).toEqual([]);
    expect(results.length).toBeGreaterThan(8);
  });

  test("has a plugin with a daemon called in the namespaces of the machine", async () => {
    const path = plugin("machine-plugin", "debug-interface");
    const results = await runWith(
      path,
      `{
        kind: "interface",
        config: { ipam: { type: "debug-ipam", subnet: "10.88.0.0/24", dataDir: "{{dataDir}}" } },
        namespace: "machine",
        state: "ip -o link show type veth | grep -o 'dbg[0-9a-f]*' || true",
      }`,
      ["CNI-5e", "CNI-9a", "CNI-10d"],
    );
    expect(notPassed(results)).toEqual([]);
    expect(results.length).toBeGreaterThan(8);
  });
});
