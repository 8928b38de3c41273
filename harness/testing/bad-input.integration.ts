import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { installDebugPlugins } from "#harness/cni/debug-plugins/install.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { reportFiles } from "#reports/files.ts";
import { program, runScript } from "./support/run-script.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-bad-input-"));
afterAll(() => rmSync(folder, { recursive: true }));

function driverFile(name: string, source: string): string {
  const path = join(folder, `${name}.ts`);
  writeFileSync(path, source);
  return path;
}

/** Runs a script of the project's own and yields how it ended and what it said. */
function run(script: string, args: readonly string[], env: Record<string, string>) {
  return runScript(script, args, { REPORTS: join(folder, "reports"), ...env });
}

const whole = 'name: "mine", title: "Mine", async install() { return {}; }, async connect() { return {}; }';
const throwing = driverFile("throwing", 'throw new Error("no such luck");');
const empty = driverFile("empty", "export const nothing = 1;");
const lacking = driverFile("lacking", 'export default { name: "mine" };');
const overdone = driverFile("overdone", `export default { ${whole}, capabilities: ["teleport"] };`);

const older = driverFile("older", `export default { ${whole}, capabilities: ["names"], apiVersion: 0 };`);
const failing = 'async prepare() { throw new Error("no such engine"); }';
const unprepared = driverFile(
  "unprepared",
  `export default { ${whole}, capabilities: ["names"], ${failing} };`,
);

/** Setting, and what the message must hold. */
const settings: [Record<string, string>, RegExp][] = [
  [{ DRIVER: "nosuch" }, /^DRIVER=nosuch: no such driver; expected one of bridge, overlay.*environment/m],
  [{ DRIVER: "./nosuch.ts" }, /^DRIVER=\.\/nosuch\.ts: there is no file .*nosuch\.ts/m],
  [{ DRIVER: throwing }, /throwing\.ts:1 could not be loaded: no such luck/],
  [{ DRIVER: empty }, /empty\.ts has no default export/],
  [{ DRIVER: lacking }, /lacking\.ts is not a driver\n {2}title: expected a text, got undefined/],
  [{ DRIVER: older }, /older\.ts:1 was made for version 0 of the driver API: expected 1/],
  [{ DRIVER: overdone }, /capabilities\.0: expected one of multihost, .*, got "teleport"/],
  [
    { ENGINE: "19" },
    /^ENGINE=19: expected one of 20\.10, 26\.1, 28\.5, a release .* \(set in the environment\)/m,
  ],
  [{ ENGINE: "26.1,26.1" }, /^ENGINE=26\.1,26\.1: expected each engine once, got 26\.1 twice/m],
  [
    { ENGINE: "26.1[icc=false,icc=true]" },
    /: expected each flag of dockerd once, got icc=false and icc=true/,
  ],
  [
    { ENGINE: "26.1[icc=maybe]" },
    /^ENGINE: Docker 26\.1 refuses --icc=maybe:\ninvalid argument "maybe" for/m,
  ],
  [{ ENGINE: "debian:sid@20261399" }, /: expected a day and time that there are, .* got 20261399/],
  [{ RUNTIME: "crio" }, /^RUNTIME=crio: expected one of netconform, podman, containerd/m],
  [
    { RUNTIME: "podman", DRIVER: "bridge" },
    /^RUNTIME=podman: expected a driver with it that .* podman, got DRIVER=bridge\n.*DRIVER=cni-bridge/m,
  ],
  [
    { RUNTIME: "podman", DRIVER: "cni-bridge", CLUSTER: "ssh", INVENTORY: "hosts.yaml" },
    /^RUNTIME=podman: expected CLUSTER=containers with it, got CLUSTER=ssh/m,
  ],
  [{ NODES: "abc" }, /^NODES=abc: expected a whole number from 1 to 16/m],
  [
    { FAULT: "vxlan-droped" },
    /^FAULT=vxlan-droped: no such fault; expected e\.g\. .*vxlan-dropped.*\n.*next: docs\/proof\.md lists all/m,
  ],
];

/** As before, of the plugin of the CNI suite: said once, and nothing runs. */
const pluginMistakes: [Record<string, string>, string][] = [
  [{ PLUGIN: "/bin/true" }, "/bin/true: there is no ready-made configuration for a plugin called true"],
  [{ PLUGIN: "/no/such" }, "plugin such: not found in /no on local"],
  [{ PLUGIN: "/bin/true", CONFIG: '{ "type": "bridge" }' }, "CONFIG: "],
  [
    { PLUGIN: "/bin/true,/no/such", CONFIG: '{ "name": "n", "type": "true" }', KIND: "ipam" },
    "plugin such: not found",
  ],
  [
    {
      PLUGIN: join(folder, "debug-interface"),
      CONFIG: '{ "name": "n", "type": "debug-interface", "ipam": { "type": "x" } }',
    },
    "debug-interface refuses to attach a container with it\n  exit 1, code 50: no plugin x in CNI_PATH",
  ],
  [
    {
      PLUGIN: join(folder, "debug-interface"),
      CONFIG: '{ "name": "n", "plugins": [{ "type": "debug-interface" }, { "type": "nosuch" }] }',
    },
    "plugin nosuch: not found in ",
  ],
  ...(["prepareHost", "prepareContainer", "state"] as const).map((key): [Record<string, string>, string] => [
    { PLUGIN: join(folder, "debug-interface"), PROFILE: profileWith(key, "echo no cable >&2; exit 3") },
    `${key} of the profile of debug-interface: expected exit code 0, got 3\n  no cable\n`,
  ]),
];

/** A profile whose shell line of that key fails. */
function profileWith(key: string, line: string): string {
  const file = join(folder, `${key}.ts`);
  const profile = { kind: "interface", config: {}, [key]: line };
  writeFileSync(file, `export default ${JSON.stringify(profile)};\n`);
  return file;
}

beforeAll(() => installDebugPlugins(new LocalHost(), folder));

describe.concurrent("a CNI plugin that cannot be called ends the run with exit code 2", () => {
  test.for(pluginMistakes)("%o", async ([env, message], { expect }) => {
    const reports = mkdtempSync(join(folder, "reports-"));
    const suite = ["run", "suites/cni"];
    const { code, said } = await run("node_modules/vitest/vitest.mjs", suite, { ...env, REPORTS: reports });
    expect(said.split(message), said).toHaveLength(2);
    expect(said).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });
});

describe.concurrent("a mistake in a setting ends with exit code 2 and says what was expected", () => {
  test.for(settings)("%o", async ([env, message], { expect }) => {
    const vitest = "node_modules/vitest/vitest.mjs";
    const { code, said } = await run(vitest, ["run", "suites/basics"], env);
    expect(said).toMatch(message);
    expect(said).not.toMatch(/^\s+at |The run is incomplete/m);
    expect(code).toBe(2);
  });
});

const commands: [string, string[], Record<string, string>, RegExp][] = [
  ["conform", ["-t", "Z9"], {}, /--requirement Z9: no such requirement; expected .*M4/],
  [
    "conform",
    ["-t", "M4,CNM-8"],
    {},
    /^CNM-8: no chapter has it, .*\n.*npx vitest run suites\/cnm -t CNM-8$/m,
  ],
  ["conform", ["suites/nosuch"], {}, /suites\/nosuch: no such suite; expected one of .*suites\/basics/],
  ["conform", ["--nosuch"], {}, /unknown option '--nosuch'/],
  ["confrom", [], {}, /unknown command 'confrom'\n\(Did you mean conform\?\)/],
  ["reference", ["tenat"], {}, /unknown command 'tenat'/],
  ["conform", [], { CLUSTER: "moon" }, /CLUSTER=moon: expected one of containers/],
  ["conform", ["suites/basics"], { FAULT: "nosuch" }, /^FAULT=nosuch: no such fault\n/],
  // The CNM suite has it, which conform does not run.
  [
    "conform",
    ["-t", "B8"],
    { FAULT: "activate-lists-nothing" },
    /^FAULT=activate-lists-nothing: no such fault/,
  ],
  [
    "conform",
    ["suites/basics"],
    { MEND: "vxlan-dropped" },
    /^MEND=vxlan-dropped: no such fault that engines have by themselves; expected cut-off-starts-kept/,
  ],
  [
    "conform",
    ["suites/basics"],
    { FAULT: "cut-off-starts-kept" },
    /^FAULT=cut-off-starts-kept: engines have/,
  ],
  ["cluster", ["status"], { NODES: "0" }, /NODES=0: expected a whole number/],
  ["bench", [], { ENGINE: "26.1+28.5" }, /^ENGINE=26\.1\+28\.5: expected one engine for all nodes, without/],
  [
    "conform",
    [],
    { DRIVER: "bridge,contiv", ENGINE: "20.10", CONTIV: empty },
    /^CONTIV=.*empty\.ts: expected a tar archive with netctl, netmaster, netplugin, got not a tar archive: /m,
  ],
  ["cluster", ["ssh", "node99"], {}, /node99: no such host/],
  ["prove", ["--only", "vxlan-dropped,nonesuch"], {}, /^--only nonesuch: no such fault/m],
];

describe.concurrent("a mistake on the command line ends with exit code 2", () => {
  test.for(commands)("%s %o %o", async ([command, args, env, message], { expect }) => {
    const { code, said } = await run(program, [command, ...args], env);
    expect(said).toMatch(message);
    expect(said, "nothing has started").not.toMatch(/starting \d+ nodes|files? on |The run is incomplete/);
    expect(code).toBe(2);
  });
});

describe.concurrent("a mistake that only a set-up can find", () => {
  const quick = ["run", "suites/basics", "-t", "S1"];
  const found: [Record<string, string>, RegExp][] = [
    [{ DRIVER: unprepared }, /unprepared\.ts:1 failed in prepare: no such engine/],
    [
      { DRIVER: "bridge", IMAGE: "localhost:1/nosuch:1" },
      /IMAGE=localhost:1\/nosuch:1: expected an image that/,
    ],
    [
      { DRIVER: "bridge", FAULT: "announced-and-masqueraded", IMAGE: "localhost:1/nosuch:1" },
      /FAULT=announced-and-masqueraded is made for cni-bgp bgp: with another driver, in another chapter it may change nothing/,
    ],
  ];
  test.for(found)("%o ends the run with exit code 2, incomplete", async ([env, message], { expect }) => {
    const reports = mkdtempSync(join(folder, "reports-"));
    const { code, said } = await run("node_modules/vitest/vitest.mjs", quick, { ...env, REPORTS: reports });
    expect(said).toMatch(message);
    expect(said).toContain("The run is incomplete");
    expect(code).toBe(2);
  });

  test("leaves the verdict of the run before it, which --failed reads", async ({ expect }) => {
    const reports = mkdtempSync(join(folder, "reports-"));
    const verdict = join(reports, reportFiles.statement);
    writeFileSync(verdict, "what failed before");
    const { code } = await run("node_modules/vitest/vitest.mjs", quick, {
      DRIVER: "bridge",
      IMAGE: "localhost:1/nosuch:1",
      REPORTS: reports,
    });
    expect(code).toBe(2);
    expect(readFileSync(verdict, "utf8")).toBe("what failed before");
  });
});
