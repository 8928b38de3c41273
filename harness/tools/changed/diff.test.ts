import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { UsageError } from "#harness/core/errors.ts";
import { $ } from "#harness/host/local/zx.ts";
import { changesSince, parseDiff } from "./diff.ts";

test("lines of changed files, and whole ones that are new or gone", () => {
  const diff = `diff --git a/one.ts b/one.ts
--- a/one.ts
+++ b/one.ts
@@ -3 +3 @@ function x() {
-old
+new
@@ -9,2 +9,3 @@
+a
@@ -20,2 +21,0 @@
-gone
diff --git a/new.ts b/new.ts
--- /dev/null
+++ b/new.ts
@@ -0,0 +1,2 @@
+x
diff --git a/gone.ts b/gone.ts
--- a/gone.ts
+++ /dev/null
@@ -1,2 +0,0 @@
-x
`;
  expect([...parseDiff(diff)]).toEqual([
    [
      "one.ts",
      [
        { first: 3, last: 3 },
        { first: 9, last: 11 },
        { first: 21, last: 22 },
      ],
    ],
    ["new.ts", "whole"],
    ["gone.ts", "whole"],
  ]);
});

test("a work tree against where it left main, and against a commit", async () => {
  const folder = mkdtempSync(join(tmpdir(), "netconform-changed-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const git = async (...args: string[]) => {
    const own = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
    const { exitCode, stderr } = await $({ cwd: folder })`${["git", ...own, ...args]}`;
    expect(exitCode, stderr).toBe(0);
  };
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  await git("init", "-q", "-b", "main");
  write("one.ts", "1\n2\n");
  await git("add", ".");
  await git("commit", "-q", "-m", "one");
  await git("switch", "-q", "-c", "work");
  write("one.ts", "1\n3\n");
  await git("commit", "-q", "-a", "-m", "two");
  write("two.ts", "x\n");
  const { since, changes } = await changesSince(folder);
  expect(since).toMatch(/^[0-9a-f]{7}, where HEAD left main$/);
  expect([...changes]).toEqual([
    ["one.ts", [{ first: 2, last: 2 }]],
    ["two.ts", "whole"],
  ]);
  expect([...(await changesSince(folder, "HEAD")).changes.keys()]).toEqual(["two.ts"]);
  await expect(changesSince(folder, "nonesuch")).rejects.toThrow(UsageError);
});
