import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { judgeAll } from "#harness/cni/runtimes/judges/judges.ts";
import { playScenes } from "#harness/cni/runtimes/scenes/scenes.ts";
import { placePrefix } from "#harness/cni/testbed/place/place.ts";
import { disposableFolder } from "#harness/core/process/scratch.ts";
import { OwnRuntime } from "./ours.ts";

test("the project's own CNI runtime keeps every rule of the specification, and leaves nothing", async () => {
  using scratch = disposableFolder();
  {
    await using runtime = await OwnRuntime.start(scratch.path);
    const judged = judgeAll(await playScenes(runtime));
    expect(Object.entries(judged).filter(([, { outcome }]) => outcome !== "kept")).toEqual([]);
  }
  expect((await readdir("/run/netns")).filter((name) => name.startsWith(placePrefix))).toEqual([]);
});
