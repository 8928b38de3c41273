import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { PluginUnderTest } from "#harness/cni/testbed/container.ts";
import { Testbed } from "#harness/cni/testbed/testbed.ts";
import { leavesOnceMore, onceMore } from "#harness/conformance/cni-run/again.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { markOf } from "#harness/observe/second-look/mark.ts";
import { View } from "#harness/observe/second-look/view.ts";

const host = new LocalHost();

/** A plugin that is a shell script, and a testbed in which it was called. */
async function called(script: string, scope: Scope) {
  const folder = mkdtempSync(join(tmpdir(), "netconform-cni-again-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "mine");
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const plugin: PluginUnderTest = {
    ...{ host, type: "mine", path, cniPath: [folder], version: "1.1.0", claims: [] },
    profile: { kind: "interface", config: () => ({}) },
  };
  const testbed = await Testbed.open(plugin, scope);
  const failed = await testbed.call("ADD", await testbed.container());
  return { plugin, testbed, failed, steps: testbed.steps(), folder };
}

const mark = (line: Parameters<typeof markOf>[0]) => markOf(line, new View([]));

test("a call that failed fails once more, beside what it made and after that is gone, and leaves nothing", async () => {
  const scope = new Scope("the test");
  // It fails as it did only where the container's namespace is there, and the file of the first time is not.
  const script = `file=/var/lib/cni/mine
ip netns exec "\${CNI_NETNS##*/}" true || exit 4
[ ! -e $file ] || exit 5
: >$file; exit 3`;
  const { plugin, testbed, failed, steps } = await called(script, scope);
  expect(failed.code).toBe(3);
  const line = onceMore(plugin, steps, failed);
  expect(await mark(line)).toBe("confirmed 3/3");
  await scope.close();
  expect(await mark(line)).toBe("confirmed 3/3");
  const left = await host.run([
    "sh",
    "-c",
    `ip netns list; ls /tmp; pgrep -f ${testbed.folder}/held || true`,
  ]);
  expect(left).not.toContain(testbed.name);
});

test("a call that a signal ended is shown by a signal, and one that ends otherwise the next time is not", async () => {
  await using scope = new Scope("the test");
  const killed = await called("kill -SEGV $$", scope);
  expect(killed.failed.code).toBeNull();
  expect(await mark(onceMore(killed.plugin, killed.steps, killed.failed))).toBe("confirmed 3/3");
  const once = await called('mkdir "$0.once" && exit 3; exit 4', scope);
  expect(once.failed.code).toBe(3);
  expect(await mark(onceMore(once.plugin, once.steps, once.failed))).toBe("not reproducible by hand (0/3)");
});

test("a call that fails in another way the next time does not show the failure", async () => {
  await using scope = new Scope("the test");
  const error = (msg: string) => `echo '{"cniVersion":"1.1.0","code":11,"msg":"${msg}"}'; exit 1`;
  const other = await called(`mkdir "$0.once" && ${error("no such link")}; ${error("no space left")}`, scope);
  expect(await mark(onceMore(other.plugin, other.steps, other.failed))).toBe(
    "not reproducible by hand (0/3)",
  );
  const same = await called(error("no such link"), scope);
  expect(await mark(onceMore(same.plugin, same.steps, same.failed))).toBe("confirmed 3/3");
  const unprepared = ["false", ...same.steps];
  expect(await mark(onceMore(same.plugin, unprepared, same.failed))).toBe("not judged: 3 could not be run");
});

test("steps are not made once more where their last call cannot show the failure", async () => {
  await using scope = new Scope("the test");
  const { plugin, testbed, failed, steps } = await called("exit 0", scope);
  expect(await mark(onceMore(plugin, steps, failed))).toMatch(/^not run: its last call succeeds/);
  const other = { ...failed, code: 3 };
  expect(await mark(onceMore(plugin, [...steps, "true"], other))).toMatch(
    /^not run: the failure is not in how/,
  );
  expect(await mark(onceMore(plugin, steps, { ...other, timedOut: true }))).toMatch(
    /does not end by itself$/,
  );
  const machine: PluginUnderTest = { ...plugin, profile: { ...plugin.profile, namespace: "machine" } };
  expect(await mark(onceMore(machine, steps, other))).toBe("not run: its steps change this machine");
  expect(await mark(leavesOnceMore(plugin, [...steps, `grep -r . ${testbed.dataDir}`]))).toBe(
    "not reproducible by hand (0/3)",
  );
});

test("a file that is left is left once more", async () => {
  await using scope = new Scope("the test");
  const script = 'folder=$(sed \'s/.*"dataDir":"\\([^"]*\\)".*/\\1/\'); echo left >$folder/file';
  const { plugin, testbed } = await called(script, scope);
  const container = await testbed.container();
  await testbed.call("ADD", container, { config: { dataDir: testbed.dataDir } });
  const steps = [...testbed.steps(), `grep -r . ${testbed.dataDir}`];
  expect(await mark(leavesOnceMore(plugin, steps))).toBe("confirmed 3/3");
});
