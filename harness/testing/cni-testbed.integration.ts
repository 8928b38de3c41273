import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Testbed } from "#harness/cni/testbed/testbed.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-cni-testbed-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A plugin that has a file for each container, before it finds out that it cannot do anything without its delegate. */
function plugin(name: string, afterDel: string, afterAdd = "true") {
  const path = join(folder, name);
  const script = `#!/bin/sh
file="/var/lib/cni/mine/$CNI_CONTAINERID $CNI_IFNAME"
[ "$CNI_COMMAND" != ADD ] || { mkdir -p /var/lib/cni/mine && : >"$file"; ${afterAdd}; }
if grep -q absent; then echo '{"code":100,"msg":"no such delegate"}'; exit 1; fi
[ "$CNI_COMMAND" != DEL ] || ${afterDel}
`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

async function openFor(scope: Scope, type: string, path: string): Promise<Testbed> {
  const subject = { host: new LocalHost(), type, path, cniPath: [folder] };
  const profile = { kind: "interface", config: () => ({}) } as const;
  return Testbed.open({ ...subject, version: "1.1.0", claims: [], profile }, scope);
}

const leftOf = async (testbed: Testbed) =>
  (await testbed.settle([])).map((line) => line.replaceAll(testbed.name, "PLACE"));

/** What is left where an ADD with a delegate that is not there has failed. */
async function leftAfterFailedAdd(name: string, afterDel: string): Promise<string[]> {
  await using scope = new Scope("the test");
  const testbed = await openFor(scope, name, plugin(name, afterDel));
  const failed = await testbed.call("ADD", await testbed.container(), {
    config: { ipam: { type: "absent" } },
  });
  expect(failed.code).toBe(1);
  return await leftOf(testbed);
}

test("what a DEL that can be done takes back is not left, though the ADD's own configuration allows none", async () => {
  expect(await leftAfterFailedAdd("tidy", 'rm -f "$file"')).toEqual([]);
});

test("a file that stays in the place's /var/lib/cni after a DEL that was done is left", async () => {
  expect(await leftAfterFailedAdd("untidy", "true")).toEqual([
    "kept /var/lib/cni/mine/PLACE-0-container nc0",
  ]);
});

test.each([{ CNI_CONTAINERID: "has a space" }, { CNI_IFNAME: "has space" }])(
  "what ADD made for an attachment that it named so is taken back: %j",
  async (env) => {
    await using scope = new Scope("the test");
    const testbed = await openFor(scope, "named", plugin("named", 'rm -f "$file"'));
    expect(await testbed.call("ADD", await testbed.container(), { env })).toMatchObject({ code: 0 });
    expect(await leftOf(testbed)).toEqual([]);
  },
);

test("what an ADD made that the host failed in is taken back", async () => {
  await using scope = new Scope("the test");
  // As what runs it ends where the host has no process for it.
  const starved = 'echo "timeout: fork system call failed" >&2; exit 125';
  const testbed = await openFor(scope, "starved", plugin("starved", 'rm -f "$file"', starved));
  await expect(testbed.call("ADD", await testbed.container())).rejects.toThrow("fork system call failed");
  expect(await leftOf(testbed)).toEqual([]);
});
