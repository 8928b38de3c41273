import { usualPolicySemantics } from "#drivers/driver.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { workerSettings } from "#harness/conformance/suite/worker-settings.ts";
import { closesIn, makeBound } from "./latencies/closing.ts";
import { samplesOf } from "./latencies/samples.ts";
import { makePlace, startsIn } from "./latencies/starts.ts";
import { judge } from "./latencies/verdict.ts";

const deadlineMs = 10 * 60_000;

chapter("disorder", ({ requirement, shared }) => {
  const starts = shared("containers that start and ask at once", async (context) => {
    const place = await makePlace(context);
    return samplesOf(workerSettings().LATENCY_SAMPLES, (number) => startsIn(place, context.scope, number));
  });

  requirement(
    "D7",
    "an order to forbid something is in force soon after it has returned",
    async (test) => {
      const { policySemantics: semantics = usualPolicySemantics } = test.declaration;
      const bound = await makeBound(test, semantics);
      const samples = await samplesOf(workerSettings().LATENCY_SAMPLES, (number) =>
        closesIn(bound, test.scope, number),
      );
      judge(
        test,
        "policy-order",
        samples.map(({ orderMs }) => orderMs),
      );
      judge(
        test,
        "policy",
        samples.map(({ returnMs }) => returnMs),
      );
    },
    { alone: true, deadlineMs },
  );

  requirement(
    "D7b",
    "the first packet of a container to another node is answered soon after its start",
    async (test) => {
      const samples = await test.use(starts);
      judge(
        test,
        "first-packet",
        samples.map(({ packetMs }) => packetMs),
      );
    },
    { alone: true, deadlineMs },
  );

  requirement(
    "D7c",
    "a container has the name of one on another node resolved soon after its start",
    async (test) => {
      const samples = await test.use(starts);
      judge(
        test,
        "first-name",
        samples.flatMap(({ nameMs }) => nameMs ?? []),
      );
    },
    { alone: true, deadlineMs },
  );
});
