import { chapter } from "#harness/conformance/chapter.ts";
import { expectThat } from "#harness/conformance/expect.ts";
import { tellLatency } from "#harness/conformance/latency.ts";
import { Nonconformance } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import { measureBindings } from "./rules.ts";
import { dueMs, measureStarts, type Start } from "./starts.ts";

/** The 99th percentile is one sample of these. */
const rules = 100;
const startsPerNode = 10;
const bindsMs = 1_000;

chapter("latencies", ({ requirement, shared }) => {
  const started = shared("containers that start one after another", (context) =>
    measureStarts(context, startsPerNode),
  );

  requirement(
    "Q1",
    `a rule that is added ${rules} times`,
    async (test) => {
      const bindings = await measureBindings(test, test.scope, rules);
      const after = bindings.map(({ afterOrderMs }) => afterOrderMs);
      tellLatency(test.fact, "policy", after);
      const slowest = Math.max(...bindings.map(({ afterReturnMs }) => afterReturnMs));
      expectThat(slowest <= scaled(bindsMs), {
        who: `a rule, in ${rules} orders`,
        expected: `new flows to be bound within ${scaled(bindsMs)} ms of the order's return`,
        got: `${Math.round(slowest)} ms`,
      });
    },
    { alone: true, deadlineMs: 300_000 },
  );

  const expectSoon = (starts: readonly Start[], what: string, of: (start: Start) => number | undefined | null) => {
    const late = starts.find((start) => of(start) === undefined);
    if (!late) return;
    throw new Nonconformance({
      who: late.container,
      expected: `${what} within ${scaled(dueMs)} ms of the start of its process`,
      got: `none; start ${starts.indexOf(late) + 1} of ${2 * startsPerNode}`,
    });
  };

  requirement(
    "Q2",
    `in ${2 * startsPerNode} starts`,
    async (test) => {
      const starts = await test.use(started);
      tellLatency(test.fact, "first-packet", starts.flatMap(({ firstPacketMs }) => firstPacketMs ?? []));
      expectSoon(starts, "an answer to a ping to the other node", ({ firstPacketMs }) => firstPacketMs);
    },
    { alone: true, deadlineMs: 300_000 },
  );

  requirement(
    "Q3",
    `in ${2 * startsPerNode} starts`,
    async (test) => {
      const starts = await test.use(started);
      tellLatency(test.fact, "first-name", starts.flatMap(({ firstNameMs }) => firstNameMs ?? []));
      expectSoon(starts, "the name of a neighbour", ({ firstNameMs }) => firstNameMs);
    },
    { alone: true, deadlineMs: 300_000 },
  );
});
