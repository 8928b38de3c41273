import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Testbed } from "#harness/cni/testbed/testbed.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-cni-testbed-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A plugin that cannot do anything without its delegate, and has a file for each container before it finds out. */
function plugin(name: string, afterDel: string) {
  const path = join(folder, name);
  const script = `#!/bin/sh
file=/var/lib/cni/mine/$CNI_CONTAINERID
[ "$CNI_COMMAND" != ADD ] || { mkdir -p /var/lib/cni/mine && : >$file; }
if grep -q absent; then echo '{"code":100,"msg":"no such delegate"}'; exit 1; fi
[ "$CNI_COMMAND" != DEL ] || ${afterDel}
`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

/** What is left where an ADD with a delegate that is not there has failed. */
async function leftAfterFailedAdd(name: string, afterDel: string): Promise<string[]> {
  await using scope = new Scope("the test");
  const testbed = await Testbed.open(
    {
      ...{ host: new LocalHost(), type: name, path: plugin(name, afterDel), cniPath: [folder] },
      ...{ version: "1.1.0", claims: [], profile: { kind: "interface", config: () => ({}) } },
    },
    scope,
  );
  const failed = await testbed.call("ADD", await testbed.container(), {
    config: { ipam: { type: "absent" } },
  });
  expect(failed.code).toBe(1);
  const left = await testbed.settle([]);
  return left.map((line) => line.replaceAll(testbed.name, "PLACE"));
}

test("what a DEL that can be done takes back is not left, though the ADD's own configuration allows none", async () => {
  expect(await leftAfterFailedAdd("tidy", "rm -f $file")).toEqual([]);
});

test("a file that stays in the place's /var/lib/cni after a DEL that was done is left", async () => {
  expect(await leftAfterFailedAdd("untidy", "true")).toEqual(["kept /var/lib/cni/mine/PLACE-0-container"]);
});
