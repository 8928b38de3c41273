import { afterEach, expect, test, vi } from "vitest";
import type { ExecOptions, ExecResult } from "#harness/host/host.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { CostMeter, notAlone } from "./cost-meter.ts";

/** This machine, with the number of commands that it was given. */
class CountingHost extends LocalHost {
  asked = 0;

  override async exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult> {
    this.asked++;
    return super.exec(argv, options);
  }
}

afterEach(() => void vi.useRealTimers());

test("a test that ran alone has a cost of its own, its hosts included", async () => {
  const meter = new CostMeter();
  await meter.begin([new LocalHost()]);
  const { parts } = await (await meter.test()).cost();
  expect(parts.map(({ of }) => of)).toEqual(["worker", "local"]);
});

test("of tests that ran at the same time nobody can tell, whichever began first", async () => {
  const meter = new CostMeter();
  await meter.begin([]);
  const first = await meter.test();
  const second = await meter.test();
  for (const { cost } of [first, second]) {
    expect((await cost()).processor).toEqual({ notMeasured: notAlone });
  }
  const third = await meter.test();
  expect((await third.cost()).processor).toEqual({ seconds: expect.any(Number) });
});

test("a test that begins as another ends takes its counters, and one that begins later has its own", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const host = new CountingHost();
  const meter = new CostMeter();
  await meter.begin([host]);
  for (const read of [2, 3]) {
    await (await meter.test()).cost();
    expect(host.asked).toBe(read);
  }
  vi.advanceTimersByTime(150);
  await (await meter.test()).cost();
  expect(host.asked).toBe(5);
});

test("a test of which nobody asks what it has used is not alone with the next, and is not read again", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const host = new CountingHost();
  const meter = new CostMeter();
  await meter.begin([host]);
  (await meter.test()).forget();
  expect(host.asked).toBe(1);
  const { processor } = await (await meter.test()).cost();
  expect(processor).toEqual({ seconds: expect.any(Number) });
  expect(host.asked).toBe(3);
});

test("a suite that was never opened does not count its hosts as idle", async () => {
  const { parts, processor } = await new CostMeter().end();
  expect(parts.map(({ of }) => of)).toEqual(["worker", "hosts"]);
  expect(processor).toEqual({ notMeasured: "hosts: the chapter could not be opened" });
});
