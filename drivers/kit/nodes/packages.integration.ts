import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Scope } from "#harness/core/async/scope.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { makeOneNode, type TestNodes } from "#harness/testing/support/clusters/one-node.ts";
import { packages } from "./packages.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-packages-"));
let made: TestNodes;

beforeAll(async () => {
  made = await makeOneNode("packages");
}, 180_000);

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await made?.[Symbol.asyncDispose]();
});

const node = () => made.cluster.nodes[0]!;

/** A package with one program that prints its version, built on the node. */
async function deb(name: string, version: string, depends = ""): Promise<string> {
  const tree = `/tmp/${name}-${version}`;
  const control = `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: test <a@example.org>\n${depends}Description: a test\n`;
  await node().run(["mkdir", "--parents", `${tree}/DEBIAN`, `${tree}/usr/bin`]);
  await node().files.write(`${tree}/DEBIAN/control`, control);
  await node().files.write(`${tree}/usr/bin/${name}`, `#!/bin/sh\necho ${version}\n`, 0o755);
  await node().run(["dpkg-deb", "--build", tree, `${tree}.deb`]);
  const path = join(folder, `${name}_${version}.deb`);
  writeFileSync(path, await node().files.read(`${tree}.deb`));
  return path;
}

test("packages are installed with what they depend on, once, and go with the scope", async () => {
  const scope = new Scope("packages test");
  const debs = [await deb("nc-plugin", "1.0", "Depends: nc-lib\n"), await deb("nc-lib", "1.0")];
  await packages(scope, made.cluster, debs);
  expect(await node().run(["nc-plugin"])).toBe("1.0\n");
  const inode = () => node().run(["stat", "--format=%i", "/usr/bin/nc-plugin"]);
  const before = await inode();
  await packages(scope, made.cluster, debs);
  expect(await inode()).toBe(before);
  await packages(scope, made.cluster, [await deb("nc-plugin", "2.0", "Depends: nc-lib\n")]);
  expect(await node().run(["nc-plugin"])).toBe("2.0\n");
  await scope.close();
  expect((await node().exec(["dpkg-query", "--show", "nc-plugin", "nc-lib"])).stdout).toBe("");
});

test("what dpkg refuses is told with its words, and goes too", async () => {
  const scope = new Scope("packages test");
  const installing = packages(scope, made.cluster, [await deb("nc-lone", "1.0", "Depends: nc-nowhere\n")]);
  await expect(installing).rejects.toThrow(HarnessError);
  await expect(installing).rejects.toThrow(/does not install nc-lone: [\s\S]*nc-nowhere/);
  await scope.close();
  expect((await node().exec(["dpkg-query", "--show", "nc-lone"])).stdout).toBe("");
});

test("a file that is not there or no package is named", async () => {
  const scope = new Scope("packages test");
  onTestFinished(() => scope.close());
  const absent = packages(scope, made.cluster, [join(folder, "absent.deb")]);
  await expect(absent).rejects.toThrow(UsageError);
  await expect(absent).rejects.toThrow(/expected a Debian package at .*absent\.deb, got ENOENT/);
  const text = join(folder, "text.deb");
  writeFileSync(text, "no archive");
  await expect(packages(scope, made.cluster, [text])).rejects.toThrow(/got .*text\.deb, which is none/);
});
