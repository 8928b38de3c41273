import { expect, test } from "vitest";
import { type Counters, costBetween, parseCounters, readOwnCounters } from "./counters.ts";

const counters = (seconds: number, peakBytes: number): Counters => ({
  processor: { seconds },
  memory: { peakBytes, atMost: false },
});

test("counters of a control group of version 2", () => {
  const printed = `/sys/fs/cgroup/cpu.stat:usage_usec 2500000
/sys/fs/cgroup/cpu.stat:user_usec 2000000
/sys/fs/cgroup/memory.peak:104857600
`;
  expect(parseCounters(printed)).toEqual(counters(2.5, 104_857_600));
});

test.each(["cpuacct", "cpu,cpuacct"])("counters of version 1, where the hierarchy is %s", (hierarchy) => {
  const printed = `/sys/fs/cgroup/${hierarchy}/cpuacct.usage:1500000000
/sys/fs/cgroup/memory/memory.max_usage_in_bytes:4096
`;
  expect(parseCounters(printed)).toEqual(counters(1.5, 4096));
});

test("what the kernel does not show is not measured", () => {
  expect(parseCounters("/sys/fs/cgroup/cpu.stat:usage_usec 0\n")).toEqual({
    processor: { seconds: 0 },
    memory: { notMeasured: expect.stringContaining("memory.peak") },
  });
  expect(parseCounters("").processor).toEqual({ notMeasured: expect.stringContaining("cpu.stat") });
});

test("what was used is the difference of times, and the later peak where it has grown", () => {
  expect(costBetween("node1", counters(2, 100), counters(5, 300))).toEqual({
    of: "node1",
    processor: { seconds: 3 },
    memory: { peakBytes: 300, atMost: false },
  });
});

test("a peak of before is only a bound", () => {
  expect(costBetween("node1", counters(2, 300), counters(5, 300)).memory).toEqual({
    peakBytes: 300,
    atMost: true,
  });
});

test("a host that was started again has no figure", () => {
  const { processor, memory } = costBetween("node1", counters(9, 300), counters(1, 200));
  expect(processor).toEqual({ notMeasured: expect.stringContaining("anew") });
  expect(memory).toEqual({ notMeasured: expect.stringContaining("anew") });
});

test("a reading that failed leaves no figure", () => {
  const lost: Counters = { processor: { notMeasured: "gone" }, memory: { notMeasured: "gone" } };
  expect(costBetween("node1", counters(1, 1), lost).processor).toEqual({ notMeasured: "gone" });
  expect(costBetween("node1", lost, counters(1, 1)).memory).toEqual({ notMeasured: "gone" });
});

test("this process has used some time", () => {
  const { processor } = readOwnCounters();
  expect("seconds" in processor ? processor.seconds : Number.NaN).toBeGreaterThan(0);
});
