import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { $ } from "zx/core";
import { Scope } from "#harness/core/async/scope.ts";
import { makeScratchFolder, scratchSocket } from "./scratch.ts";

test("folders of processes that are gone are removed, those of others stay", async () => {
  const gone = $`true`;
  await gone;
  const dead = mkdtempSync(join(tmpdir(), `netconform-scratch-${gone.pid}-1-`));
  // Its number has gone to another process, which is this one.
  const again = mkdtempSync(join(tmpdir(), `netconform-scratch-${process.pid}-1-`));
  const mine = makeScratchFolder();
  const another = makeScratchFolder();
  expect([dead, again].map((folder) => existsSync(folder))).toEqual([false, false]);
  expect([mine, another].map((folder) => existsSync(folder))).toEqual([true, true]);
  expect(basename(mine)).toContain(`-${process.pid}-`);
  for (const folder of [mine, another]) rmSync(folder, { recursive: true });
});

test("the folder of a socket goes with its scope", async () => {
  const scope = new Scope("a socket");
  const path = scratchSocket(scope, "admin");
  expect(basename(path)).toBe("admin.sock");
  expect(existsSync(dirname(path))).toBe(true);
  await scope.close();
  expect(existsSync(dirname(path))).toBe(false);
});
