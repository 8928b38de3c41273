import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ClusterState, ClusterStates } from "#harness/cluster/state.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { ownIdentity } from "#harness/core/process/process.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { environmentWith } from "#harness/host/local/zx.ts";
import { installMissing } from "#harness/host/setup/install.ts";
import { program } from "./support/run-script.ts";
import { type Shell, ShellSession } from "./support/shell-session.ts";

const tools = [
  { program: "bash", packages: ["bash"] },
  { program: "zsh", packages: ["zsh"] },
  { program: "script", packages: ["bsdutils"] },
];
const folder = mkdtempSync(join(tmpdir(), "netconform-completion-"));
const here = join(folder, "a plugin's folder, ü");
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  await installMissing(new LocalHost(), progressOn(process.stderr), tools, "completion in shells");
  for (const path of [here, join(folder, "bin")]) mkdirSync(path);
  writeFileSync(join(here, "images of mine.tar"), "");
  const call = `#!/bin/sh\nexec "${process.execPath}" "${join(projectRoot, program)}" "$@"\n`;
  writeFileSync(join(folder, "bin/netconform"), call, { mode: 0o755 });
  new ClusterStates({ CACHE: folder }).save(clusterOf("nc-1", ["node1", "node2"]));
}, 120_000);

describe.each<Shell>(["bash", "zsh"])("%s", (shell) => {
  let session: ShellSession;
  beforeAll(async () => {
    const path = [join(folder, "bin"), environmentWith().PATH].join(delimiter);
    session = await ShellSession.start(shell, {
      cwd: here,
      env: { PATH: path, HOME: folder, CACHE: folder, DRIVER: "bridge" },
      lines: [`source <(netconform completion ${shell})`],
    });
  }, 60_000);
  afterAll(() => session?.[Symbol.asyncDispose]());

  test.each([
    ["netconform mat", "netconform matrix "],
    ["netconform run mul", "netconform run multihost "],
    ["DRIVER=overlay netconform run mul", "DRIVER=overlay netconform run multihost "],
    ["cd . && netconform run --req", "cd . && netconform run --requirement "],
    ["netconform run -t M4,B2,M1", "netconform run -t M4,B2,M1"],
    ["netconform run --requirement=B2,M10", "netconform run --requirement=B2,M10 "],
    ["netconform completion z", "netconform completion zsh "],
    ["netconform test:v", "netconform test:vagrant "],
    ["netconform cluster ssh exte", "netconform cluster ssh external "],
    ["netconform images load ima", "netconform images load images\\ of\\ mine.tar "],
    ["ls ima", "ls images\\ of\\ mine.tar "],
  ])("%s", async (typed, expected) => {
    expect(await session.complete(typed)).toBe(expected);
  });

  test("what is typed is not evaluated", async () => {
    const typed = 'netconform run "$(touch evaluated)" mul';
    expect(await session.complete(typed)).toBe('netconform run "$(touch evaluated)" multihost ');
    expect(existsSync(join(here, "evaluated"))).toBe(false);
  });

  test("lists what can follow", async () => {
    const shown = await session.list("netconform cluster ssh node");
    for (const host of ["node1", "node2"]) expect(shown).toMatch(new RegExp(`(^|\\s)${host}\\s`));
    expect(shown).not.toContain("external");
  });
});

/** A cluster as its file says that it is up. */
function clusterOf(id: string, nodes: readonly string[]): ClusterState {
  const link = { device: "eth0", address: "192.0.2.1", prefix: 24 };
  const interfaces = { management: link, control: link, data: link };
  const host = (name: string) => {
    return { name, address: link.address, port: 22, user: "root", hostKeys: [], interfaces };
  };
  return {
    ...{ id, provider: "containers", key: id, driver: "bridge", engine: "26.1", owner: ownIdentity() },
    ...{ kept: true, image: "", createdAt: new Date(0).toISOString(), nodes: nodes.map(host) },
    external: { ...host("external"), httpPort: 80 },
  };
}
