import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { runVitest } from "#reports/vitest-run.ts";
import { runCommand } from "./support/run-script.ts";

const settings = readSettings();
const folder = mkdtempSync(join(tmpdir(), "netconform-kept-"));
afterAll(() => rmSync(folder, { recursive: true }));
const program = join(folder, "helper");

/** The helper of a plugin, as its developer builds it again and again: it says which build it is, and may bring a link along. */
function build(version: string, ...more: string[]): void {
  const lines = ["#!/bin/sh", ...more, `echo build ${version}`, "touch /run/helper", "exec sleep 100000"];
  writeFileSync(program, `${lines.join("\n")}\n`);
}

/** A driver file: Docker's bridge with a daemon beside it, whose installation does `more`. */
function driverWith(name: string, more = ""): string {
  const path = join(folder, `${name}.ts`);
  writeFileSync(
    path,
    `import { readFile } from "node:fs/promises";
import { dockerDriver } from "netconform";

export default dockerDriver({
  name: "${name}",
  title: "a plugin with a helper",
  capabilities: ["names"],
  driver: "bridge",
  async start(scope, { nodes }) {
    for (const node of nodes) {
      scope.defer("the helper", () => node.run(["rm", "-f", "/usr/local/bin/helper", "/run/helper"]));
      await node.run(["rm", "-f", "/run/helper"]);
      await node.files.write("/usr/local/bin/helper", await readFile("${program}"), 0o755);
    }
    ${more}
  },
  daemons: () => [{ argv: ["/usr/local/bin/helper"], ready: (node) => node.files.exists("/run/helper") }],
  versions: async ({ nodes }) => ({
    helper: (await nodes[0]!.run(["tail", "-n1", "/var/log/netconform-helper/helper.log"])).trim(),
  }),
});
`,
  );
  return path;
}

/** A run on a cluster that stays, as long as the tests of this file last. */
async function run(driver: string) {
  const outcome = await runVitest({
    config: join(projectRoot, "vitest.config.ts"),
    args: ["suites/basics/basics", "-t", "S5,B2,C1"],
    env: { DRIVER: driver, ENGINE: settings.ENGINE[0] ?? "", NODES: "1", KEEP: "1" },
  });
  onTestFinished(() => outcome[Symbol.dispose]());
  const said = `${outcome.stdout}\n${outcome.stderr}`;
  const id = /^kept (nc-\w+) /m.exec(said)?.[1] ?? "";
  return { exitCode: outcome.exitCode, said, id, target: outcome.statement?.targets[0] };
}

/** Removes the cluster when the test has ended. */
function takeDown(id: string): void {
  onTestFinished(async () => {
    const { code, said } = await runCommand(["cluster", "down", id], {});
    expect(code, said).toBe(0);
  });
}

test("a program that has changed since is started anew, and what it brings along is not taken for dirt", async () => {
  const driver = driverWith("rebuilt");
  build("1");
  const first = await run(driver);
  if (first.id !== "") takeDown(first.id);
  expect(first.exitCode, first.said).toBe(0);
  expect(first.target?.versions).toEqual({ helper: "build 1" });
  build("2", "ip link add helper0 type bridge");
  const second = await run(driver);
  expect(second.said).toContain(`uses the kept cluster ${first.id}`);
  expect(second.said).toContain("helper on node1 has changed since it was started; it is started anew");
  expect(second.exitCode, second.said).toBe(0);
  expect(second.target?.versions).toEqual({ helper: "build 2" });
});

test("a cluster on which the plugin could not be installed stays, with the line to log in, and is not used again", async () => {
  const driver = driverWith("uninstalled", 'throw new Error("no licence for three nodes");');
  build("1");
  const failed = await run(driver);
  if (failed.id !== "") takeDown(failed.id);
  expect(failed.exitCode, failed.said).toBe(1);
  expect(failed.said).toContain(`${failed.id} will not be used again: uninstalled could not be installed`);
  const [, login = ""] =
    /^kept nc-\w+ \(uninstalled@\S+\): .*?cluster (?:-- )?ssh (\S+),/m.exec(failed.said) ?? [];
  const look = await runCommand(["cluster", "ssh", login, "cat", "/usr/local/bin/helper"], {});
  expect(look.said, login).toContain("echo build 1");
  const again = await run(driver);
  expect(again.exitCode).toBe(2);
  expect(again.said).toMatch(
    new RegExp(`the kept cluster ${failed.id} is not used again: .*uninstalled\\.ts:\\d+: Error: no licence`),
  );
});

test("a cluster that stays after a tutorial has what its text made, and no run uses it", async () => {
  const driver = driverWith("shown");
  build("1");
  const [text, mapping] = [join(folder, "shown.md"), join(folder, "shown.yaml")];
  writeFileSync(
    text,
    "# A network\n\n```\nme@node1:~$ docker network create --subnet=10.77.9.0/24 shown-net\n```\n",
  );
  writeFileSync(mapping, "version: 1\nnodes: { node1: node1 }\n");
  const shown = await runCommand(["tutorial", "--plugin", driver, "--mapping", mapping, text], {
    ...{ ENGINE: settings.ENGINE[0] ?? "", NODES: "1", KEEP: "1", REPORTS: join(folder, "reports") },
  });
  const id = /^kept (nc-\w+) /m.exec(shown.said)?.[1] ?? "";
  if (id !== "") takeDown(id);
  expect(shown.code, shown.said).toBe(0);
  expect(shown.said).toContain(
    `${id} will not be used again: it is not as it was when shown had been installed`,
  );
  const next = await run(driver);
  expect(next.exitCode).toBe(2);
  expect(next.said).toMatch(new RegExp(`the kept cluster ${id} is not used again: .*\n(?:.*\n)*.*shown-net`));
});
