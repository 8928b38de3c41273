import { apiVersion } from "#drivers/kit/api-version.ts";

/** What a project is made from. */
export interface InitAnswers {
  /** What the plugin is: a CNM driver, which engines know by a name, or a CNI plugin, which a runtime executes. */
  readonly kind: "cnm" | "cni";
  /** Name of the plugin: of the driver in `docker network create -d NAME`, or of the CNI plugin's executable. */
  readonly name: string;
  /** CNI: path of the executable, relative to the folder, to be put onto the nodes; absent: they have it. */
  readonly binary?: string | undefined;
}

/** A file to be made, relative to the user's folder. */
export interface InitFile {
  readonly path: string;
  readonly content: string;
}

/** The driver that tells the suite of the plugin: a driver file, or for CNI a network configuration. */
export function driverFileOf({ kind, name, binary }: InitAnswers): InitFile {
  return kind === "cnm"
    ? { path: "netconform.driver.mts", content: cnmDriver(name) }
    : { path: "netconform.conflist", content: conflist(name, binary) };
}

/** Everything that `netconform init` makes beside package.json. */
export function filesOf(answers: InitAnswers): readonly InitFile[] {
  return [
    driverFileOf(answers),
    { path: "vitest.config.mts", content: vitestConfig },
    { path: ".github/workflows/netconform.yml", content: workflow },
  ];
}

function cnmDriver(name: string): string {
  return `import { dockerDriver } from "netconform";

export default dockerDriver({
  // Version of the driver API that this file is written for: docs/drivers.md.
  apiVersion: ${apiVersion},
  name: ${JSON.stringify(name)},
  title: ${JSON.stringify(name)},
  // What your plugin can do. Each capability brings requirements with it.
  capabilities: ["multihost"],
  // Interface that carries traffic between the nodes: management, control or data.
  underlay: "control",
  // What \`docker network create --driver\` knows the plugin by.
  driver: ${JSON.stringify(name)},
  async start(scope, cluster) {
    // Put the plugin onto every node here; \`daemons\` starts its programs. What is deferred happens when the run ends.
    for (const node of cluster.nodes) {
      scope.defer(\`the plugin on \${node.name}\`, async () => {});
    }
  },
});
`;
}

function conflist(name: string, binary: string | undefined): string {
  const configuration = {
    cniVersion: "1.0.0",
    netconform: {
      capabilities: ["multihost"],
      underlay: "control",
      join: "routes",
      ...(binary === undefined ? {} : { binaries: [binary] }),
    },
    plugins: [
      {
        type: name,
        bridge: "{{bridge}}",
        isGateway: true,
        ipam: {
          type: "host-local",
          ranges: [[{ subnet: "{{nodeSubnet}}", gateway: "{{gateway}}" }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
    ],
  };
  return `${JSON.stringify(configuration, null, 2)}\n`;
}

const vitestConfig = `import { netconform } from "netconform/vitest";

// Settings are in package.json, below "netconform"; the environment wins.
export default netconform();
`;

const workflow = `name: netconform

on: [push, pull_request]

permissions:
  contents: read

jobs:
  conformance:
    runs-on: ubuntu-24.04
    timeout-minutes: 60
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 24
          cache: npm
      - run: npm ci
      - run: npx netconform run
      - uses: actions/upload-artifact@v4
        if: \${{ !cancelled() }}
        with:
          name: netconform
          path: reports/output
`;
