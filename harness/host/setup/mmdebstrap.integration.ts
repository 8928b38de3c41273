import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { progress } from "#harness/core/async/progress.ts";
import { disposableFolder } from "#harness/core/process/scratch.ts";
import { bootstrap } from "./mmdebstrap.ts";

test("two systems that one process builds at the same time leave each other's files alone", async () => {
  using scratch = disposableFolder();
  const settings = { CACHE: scratch.path, MIRROR: undefined };
  const sizes = [0, 0];
  const builds = ["base-files", "libc6"].map((name, index) =>
    bootstrap(settings, progress, {
      what: `a system of ${name}`,
      suite: "trixie",
      source: scratch.path,
      options: ["--variant=extract", `--include=${name}`],
      async consume(archive) {
        for await (const chunk of archive) sizes[index] = (sizes[index] ?? 0) + chunk.length;
      },
    }),
  );
  await Promise.all(builds);
  expect(Math.min(...sizes)).toBeGreaterThan(100_000);
  expect(await readdir(`${scratch.path}/tmp`)).toEqual([]);
}, 300_000);
