import { expect, test } from "vitest";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { CostMeter, notAlone } from "./cost-meter.ts";

test("a test that ran alone has a cost of its own, its hosts included", async () => {
  const meter = new CostMeter();
  await meter.begin([new LocalHost()]);
  const ended = await meter.test();
  const { parts } = await ended();
  expect(parts.map(({ of }) => of)).toEqual(["worker", "local"]);
});

test("of tests that ran at the same time nobody can tell, whichever began first", async () => {
  const meter = new CostMeter();
  await meter.begin([]);
  const first = await meter.test();
  const second = await meter.test();
  for (const ended of [first, second]) {
    expect((await ended()).processor).toEqual({ notMeasured: notAlone });
  }
  const third = await meter.test();
  expect((await third()).processor).toEqual({ seconds: expect.any(Number) });
});

test("a suite that was never opened does not count its hosts as idle", async () => {
  const { parts, processor } = await new CostMeter().end();
  expect(parts.map(({ of }) => of)).toEqual(["worker", "hosts"]);
  expect(processor).toEqual({ notMeasured: "hosts: the chapter could not be opened" });
});
