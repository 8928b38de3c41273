import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { conflistDriver } from "#drivers/cni/conflist.ts";
import { readSpec } from "#drivers/kit/recorder/spec-file.ts";
import { readFailed } from "#harness/cli/selection/failed.ts";
import { readCatalogues } from "#harness/cli/selection/report.ts";
import { readInventory } from "#harness/cluster/hosts/inventory.ts";
import { parseMarker } from "#harness/cluster/hosts/undo/marker.ts";
import { parseState } from "#harness/cluster/state.ts";
import { parseNetworkConfig } from "#harness/cni/runtime/config.ts";
import { exchangesIn, packetsIn } from "#harness/conformance/suite/record/trace/files.ts";
import { readUsual } from "#harness/core/settings/usual.ts";
import { keysFor } from "#harness/host/ssh/ssh-target.ts";
import { exampleCell, exampleMatrix } from "#harness/testing/support/examples/matrix.ts";
import {
  everyTest,
  reportRecord,
  reportTest,
  sealedReport,
} from "#harness/testing/support/examples/report.ts";
import { readBenchHistory } from "#harness/tools/bench/runner/history.ts";
import { failuresInLastRun } from "#harness/tools/explain/last-run.ts";
import { pastRunOf, readHistory } from "#harness/tools/matrix/history.ts";
import { readClaims } from "#harness/tools/tutorial/coverage.ts";
import { defaultMapping, loadMapping } from "#harness/tools/tutorial/mapping/load.ts";
import { readLines } from "#harness/tools/tutorial/parse/document.ts";
import { parseTutorial } from "#harness/tools/tutorial/parse/tutorial.ts";
import { renderCommands } from "#reports/matrix/page/cell/commands.ts";
import { matrixFiles, readMatrix } from "#reports/matrix/write.ts";
import { readImplementation } from "#reports/seal/implementation.ts";
import { verifyStatement } from "#reports/verify/verify.ts";
import { catalogue } from "#suites/requirements/catalogue.ts";

/** Something that the product reads and did not write itself, or not in this process. */
export interface Reader {
  readonly what: string;
  /** A text of that kind that is right. */
  readonly sample: string;
  /** What the file is called. */
  readonly name: string;
  readonly read: (path: string, folder: string) => unknown;
  /** Part of the usual number of cases, for one that is slow. */
  readonly share?: number;
}

const textOf = (path: string) => readFileSync(path, "utf8");
const tutorials = join(import.meta.dirname, "../../../tools/tutorial/fixtures");
const passed = { outcome: "passed" } as const;
const matrix = exampleMatrix([
  exampleCell("overlay@26.1", { M4: passed, M3: { ...passed, facts: { mtu: 1450 } } }),
]);

const inventory = `defaults: { user: root, port: 22 }
jumps: [{ name: gate, address: gate.example.org, hostKey: ssh-ed25519 AAAA }]
nodes:
  - name: one
    address: 192.0.2.1
    jump: gate
    hostKey: [ssh-ed25519 AAAA]
    interfaces: { data: { device: eth1, address: 198.51.100.1 } }
external: { name: out, address: 192.0.2.9, httpPort: 8090, hostKey: ssh-ed25519 AAAA }
`;

const conflist = JSON.stringify({
  ...{
    cniVersion: "1.0.0",
    netconform: { capabilities: ["cni"], underlay: "data", join: "routes", binaries: [] },
  },
  plugins: [
    {
      type: "bridge",
      bridge: "{{bridge}}",
      ipam: { type: "host-local", ranges: [[{ subnet: "{{nodeSubnet}}" }]] },
    },
  ],
});

const exchange = {
  ...{
    id: 1,
    plugin: "p",
    caller: "node1",
    call: "NetworkDriver.Leave",
    request: "{}",
    status: 200,
    answer: "{}",
  },
  ...{ startedAt: 1, endedAt: 2 },
};

const command = {
  ...{
    host: "node1",
    argv: ["ip", "link"],
    code: 0,
    signal: null,
    stdout: "lo",
    stderr: "",
    startedAt: 1,
    durationMs: 2,
  },
};

/** Everything of that sort; `folder` is for files that a sample names. */
export function readersIn(folder: string): Reader[] {
  const evidence = join(folder, "evidence");
  mkdirSync(evidence, { recursive: true });
  const statement = sealedReport(
    reportRecord([...everyTest("passed"), reportTest("M4", "failed", { reason: "no answer" })]),
    evidence,
  );
  return [
    {
      ...{
        what: "a statement that is verified",
        sample: JSON.stringify(statement),
        name: "theirs.json",
        share: 0.2,
      },
      read: (path) => verifyStatement(textOf(path), { folder: evidence }),
    },
    {
      ...{
        what: "a statement whose failures are to run again",
        sample: JSON.stringify(statement),
        name: "failed.json",
        share: 0.2,
      },
      read: (path) => readFailed(path),
    },
    {
      ...{
        what: "the last run's statement",
        sample: JSON.stringify(statement),
        name: "conformance.json",
        share: 0.2,
      },
      read: (_path, at) => failuresInLastRun("M4", at),
    },
    {
      ...{
        what: "a catalogue of another version",
        sample: JSON.stringify({ M4: catalogue.M4 }),
        name: "catalogue.json",
      },
      read: (_path, at) => readCatalogues(at),
    },
    {
      ...{
        what: "whose plugin it is",
        sample: "organisation: a\nproject: b\nversion: 1.10\ncontact: [c]\n",
        name: "mine.yaml",
      },
      read: (path) => readImplementation(path),
    },
    {
      ...{ what: "a matrix", sample: JSON.stringify(matrix), name: matrixFiles.json },
      read: (_path, at) => readMatrix(at),
    },
    {
      ...{ what: "a history of nights", sample: JSON.stringify(pastRunOf(matrix)), name: "history.jsonl" },
      read: (path) => readHistory(path),
    },
    {
      ...{
        what: "a history of benchmarks",
        sample: textOf(join(import.meta.dirname, "../../../../docs/benchmarks.json")),
        name: "bench.json",
        share: 0.2,
      },
      read: (path) => readBenchHistory(path),
    },
    { what: "an inventory", sample: inventory, name: "hosts.yaml", read: (path) => readInventory(path) },
    {
      ...{
        what: "known hosts",
        sample: "one,*.example.org ssh-ed25519 AAAA\n@revoked * ssh-rsa BBBB\n",
        name: "known",
      },
      read: (path) => keysFor(textOf(path), "one.example.org"),
    },
    { what: "a conflist", sample: conflist, name: "net.conflist", read: (path) => conflistDriver(path) },
    {
      ...{
        what: "a network configuration",
        sample: '{ "cniVersion": "1.0.0", "name": "n", "type": "bridge" }',
        name: "net.conf",
      },
      read: (path) => parseNetworkConfig(textOf(path), path),
    },
    {
      what: "a plugin's address",
      sample: "unix:///run/p.sock",
      name: "p.spec",
      read: (path) => readSpec(path, textOf(path)),
    },
    {
      ...{
        what: "a plugin's address in JSON",
        sample: '{ "Name": "p", "Addr": "tcp://host:1" }',
        name: "p.json",
      },
      read: (path) => readSpec(path, textOf(path)),
    },
    {
      ...{
        what: "a package.json",
        sample: '{ "name": "p", "netconform": { "DRIVER": "./d.ts" } }',
        name: "package.json",
      },
      read: (_path, at) => readUsual(["DRIVER"], at),
    },
    {
      ...{ what: "a tutorial", sample: textOf(join(tutorials, "small.md")), name: "tutorial.md" },
      read: (path) => parseTutorial(path, readLines(path, "a tutorial")),
    },
    {
      ...{ what: "a table of claims", sample: textOf(join(tutorials, "claims.md")), name: "claims.md" },
      read: (path) => readClaims(path, readLines(path, "claims")),
    },
    {
      what: "a mapping",
      sample: textOf(defaultMapping),
      name: "mapping.yaml",
      read: (path) => loadMapping(path),
      share: 0.2,
    },
    {
      ...{
        what: "the state of a cluster",
        sample:
          '{ "id": "a", "provider": "ssh", "key": "k", "owner": "1:2", "kept": true, "nodes": [{ "name": "node1" }] }',
        name: "a.json",
      },
      read: (path) => parseState(textOf(path)),
    },
    {
      what: "a host's marker",
      sample: '{ "who": "me" }',
      name: "marker.json",
      read: (path) => parseMarker(textOf(path)),
    },
    {
      ...{
        what: "recorded exchanges",
        sample: `${JSON.stringify(exchange)}\n${JSON.stringify(exchange)}\n`,
        name: "e.jsonl",
      },
      read: (path) => exchangesIn([{ name: path, content: textOf(path) }]),
    },
    {
      ...{ what: "a capture", sample: "\u00d4\u00c3\u00b2\u00a1\u0002\u0000\u0004\u0000", name: "e.pcap" },
      read: (path) => packetsIn([{ name: path, content: readFileSync(path) }]),
    },
    {
      ...{ what: "a transcript", sample: `${JSON.stringify(command)}\n`, name: "t.jsonl" },
      read: (path) => renderCommands(path, { commands: 5, characters: 100 }),
    },
  ];
}

/** Writes a text where a reader looks for it. Yields the path. */
export function putDown(folder: string, { name }: Pick<Reader, "name">, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
