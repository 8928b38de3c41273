import { chapter } from "#harness/conformance/chapter.ts";
import type { TestTools } from "#harness/conformance/suite/tools.ts";
import { workerSettings } from "#harness/conformance/suite/worker-settings.ts";
import { describeSpread } from "#harness/core/figures/statistics.ts";
import { interruptedShare } from "#harness/oracle/churn/foreign.ts";
import { paceOf } from "#harness/oracle/churn/pace.ts";
import { type Churn, churn } from "./churn/campaign.ts";
import { describeTenths, expectNothingLost, expectSteady } from "./churn/verdict.ts";

/** Takes minutes where nothing else runs. */
const deadlineMs = 60 * 60_000;

chapter("disorder", ({ requirement, shared }) => {
  const churned = shared("attachments that come and go", async (context) => {
    const { CHURN_ADDS, CHURN_JOINS } = workerSettings();
    const throughCni = context.declaration.capabilities.includes("cni");
    const start = performance.now();
    const made = await churn(context, throughCni ? CHURN_ADDS : CHURN_JOINS);
    return { ...made, tookMs: performance.now() - start };
  });

  requirement(
    "D6",
    "attachments come and go while links of others do: none fails, and nothing piles up",
    async (test) => {
      const made = tell(test, await test.use(churned));
      expectNothingLost(made);
    },
    { alone: true, deadlineMs },
  );

  requirement(
    "D6b",
    "the last tenth of attachments that come and go is as fast as the first",
    async (test) => {
      const { cycle, tenths } = await test.use(churned);
      const pace = paceOf(tenths);
      test.keep({ name: "churn.json", content: describeTenths(tenths) }, { always: true });
      if (typeof pace !== "string") {
        const { percentile, firstMs, lastMs, ratio } = pace;
        test.varyingFact("first tenth ms", Math.round(firstMs));
        test.varyingFact("last tenth ms", Math.round(lastMs));
        test.note(`p${percentile} of the last tenth: ${ratio.toFixed(2)} × that of the first`);
      }
      expectSteady(cycle, pace);
    },
    { alone: true, deadlineMs },
  );
});

/** Says how many cycles there were, and how long they took. */
function tell(
  { fact, varyingFact, note, keep }: TestTools,
  { tookMs: allMs, ...made }: Churn & { readonly tookMs: number },
): Churn {
  const { cycle, tenths } = made;
  const cycles = tenths.flatMap((tenth) => tenth.cycles);
  fact("cycles", cycles.length);
  fact("all cycles ms", Math.round(allMs));
  const interrupted = interruptedShare(tenths.map(({ foreign }) => foreign));
  if (interrupted !== undefined) varyingFact("interrupted lists of links, of 100", interrupted);
  note(`${cycle}: ${describeSpread(cycles.map(({ tookMs }) => tookMs))}`);
  const rates = tenths.map(({ foreign }) => Math.round(foreign.perSecond));
  note(`links of others came and went ${Math.min(...rates)} to ${Math.max(...rates)} times a second`);
  keep({ name: "churn.json", content: describeTenths(tenths) }, { always: true });
  return made;
}
