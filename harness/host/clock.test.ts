import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { clockFrom, onOurClock, readClock } from "./clock.ts";
import { LocalHost } from "./local/local-host.ts";
import { environmentWith } from "./local/zx.ts";

const looked = { host: "node1", startedAt: 1_000_000, durationMs: 40 };

test("a clock is ahead by what it told beyond the middle of the look at it", () => {
  const clock = clockFrom({ ...looked, stdout: "1002.520000000\n" });
  expect(clock).toEqual({ host: "node1", aheadMs: 2_500, withinMs: 21 });
  expect(onOurClock(5_000, clock)).toBe(2_500);
});

test("a clock that is behind is put forward", () => {
  const clock = clockFrom({ ...looked, stdout: "999.020000000\n" });
  expect(onOurClock(5_000, clock)).toBe(6_000);
});

test("what the look cannot tell from the clock of this process stays as it is", () => {
  const clock = clockFrom({ ...looked, stdout: "1000.040000000\n" });
  expect(clock).toMatchObject({ withinMs: 21 });
  expect(onOurClock(5_000, { aheadMs: 20.9, withinMs: 21 })).toBe(5_000);
  expect(onOurClock(5_000, undefined)).toBe(5_000);
});

test.for(["", "1795698869.%N", "date: invalid"])("%j tells no clock", (stdout) => {
  expect(clockFrom({ ...looked, stdout })).toBeUndefined();
});

test("the clock of this machine is that of this process", async () => {
  const clock = await readClock(new LocalHost("node1"));
  expect(Math.abs(clock?.aheadMs ?? Number.NaN)).toBeLessThanOrEqual(clock?.withinMs ?? 0);
});

test("a look at a host that is an hour ahead tells the hour", async () => {
  const folder = mkdtempSync(join(tmpdir(), "netconform-clock-"));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  const date = join(folder, "date");
  writeFileSync(date, `#!/bin/sh\nPATH=\${PATH#*:} exec date --date "1 hour" "$@"\n`);
  chmodSync(date, 0o755);
  vi.stubEnv("PATH", `${folder}:${environmentWith().PATH}`);
  const clock = await readClock(new LocalHost("node1"));
  const { aheadMs = 0, withinMs = 0 } = clock ?? {};
  expect(Math.abs(aheadMs - 3_600_000)).toBeLessThanOrEqual(withinMs);
  const seen = Date.now() + 3_600_000;
  expect(Math.abs(onOurClock(seen, clock) - (seen - 3_600_000))).toBeLessThanOrEqual(withinMs);
});
