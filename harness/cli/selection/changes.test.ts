import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Changes } from "./changes.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-changes-"));
afterAll(() => rmSync(folder, { recursive: true }));

const never = new AbortController().signal;

test("a file is told when it was written, and when another was put in its place", async () => {
  const file = join(folder, "plugin");
  writeFileSync(file, "old");
  await using changes = await Changes.of([file]);
  writeFileSync(file, "newer");
  expect((await changes.next(never)).map((path) => basename(path))).toEqual(["plugin"]);
  writeFileSync(`${file}.part`, "newest of all");
  renameSync(`${file}.part`, file);
  expect((await changes.next(never)).map((path) => basename(path))).toEqual(["plugin"]);
});

test("a folder is told by what changed in it, apart from what nobody means", async () => {
  const source = join(folder, "source");
  mkdirSync(join(source, "node_modules"), { recursive: true });
  mkdirSync(join(source, "inner"));
  await using changes = await Changes.of([source]);
  writeFileSync(join(source, "node_modules", "other.js"), "");
  writeFileSync(join(source, "inner", "plugin.go"), "package main");
  expect((await changes.next(never)).map((path) => basename(path))).toEqual(["plugin.go"]);
});

test("waiting ends when it is told to, and a path at which there is nothing is refused", async () => {
  await using changes = await Changes.of([folder]);
  const ending = new AbortController();
  const next = changes.next(ending.signal);
  ending.abort();
  expect(await next).toEqual([]);
  await expect(Changes.of([join(folder, "nosuch")])).rejects.toThrow(/--watch .*nosuch: there is no file/);
});
