import { expect, test } from "vitest";
import { flagsWithout } from "./target-engine.ts";

test("flags that an engine was not started with are told, whole ones alone", () => {
  const line = ["dockerd", "--host", "unix:///run/docker.sock", "--icc=false", "--live-restore", ""].join(
    "\0",
  );
  expect(flagsWithout(line, ["icc=false", "live-restore"])).toEqual([]);
  expect(flagsWithout(line, ["icc=true", "live", "icc=false"])).toEqual(["icc=true", "live"]);
});
