import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { disposableFolder } from "#harness/core/process/scratch.ts";
import { removeOthers } from "./workload-image.ts";

test("archives of other versions go, but not those that another run may be writing or reading", async () => {
  using scratch = disposableFolder();
  const dayAgo = Date.now() / 1000 - 86_400;
  const made = (name: string, at?: number) => {
    writeFileSync(join(scratch.path, name), "");
    if (at !== undefined) utimesSync(join(scratch.path, name), at, at);
  };
  made("workload-0a.tar.part", dayAgo);
  made("workload-0b.tar", dayAgo);
  made("workload-0c.tar");
  made("workload-0d.tar.part");
  made("notes.tar", dayAgo);
  await removeOthers(scratch.path, "workload-0a.tar.part");
  expect(readdirSync(scratch.path).sort()).toEqual([
    ...["notes.tar", "workload-0a.tar.part", "workload-0c.tar", "workload-0d.tar.part"],
  ]);
});
