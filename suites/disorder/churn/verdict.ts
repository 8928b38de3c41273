import { Blocked, Nonconformance, NothingSeen } from "#harness/core/errors.ts";
import { type Growth, growthOf, type Tenth } from "#harness/oracle/churn/churn.ts";
import { type Pace, worstRatio } from "#harness/oracle/churn/pace.ts";
import { type Churn, failuresIn } from "./campaign.ts";

const shownThings = 3;

/** Throws `Nonconformance` that names each cycle that failed, and each kind of things that grew. */
export function expectNothingLost({ cycle, tenths }: Churn): void {
  const cycles = tenths.flatMap((tenth) => tenth.cycles);
  const failures = failuresIn(tenths);
  const growth = growthOf(tenths.map(({ snapshot }) => snapshot));
  if (failures.length === 0 && growth.length === 0) return;
  const [grown] = growth;
  const got = [
    ...(failures.length > 0 ? [`${failures.length} of ${cycles.length} failed`] : []),
    ...(grown ? [describeGrowth(grown)] : []),
  ];
  throw new Nonconformance({
    who: `${cycle}, ${cycles.length} times while links of others come and go`,
    expected: "no failure, and as much on the nodes after the last tenth as after the first",
    got: got.join(", and "),
    evidence: [
      ...failures.map(({ number, failure }) => `  cycle ${number}: ${failure}`),
      ...growth.flatMap((one) => [
        `  ${describeGrowth(one)}; after each tenth ${one.counts.join(", ")}`,
        ...one.extra.slice(0, shownThings).map((thing) => `    left behind: ${thing}`),
      ]),
    ].join("\n"),
  });
}

/** With how it grew: left once, or more and more. */
function describeGrowth({ host, kind, counts, rises, slope }: Growth): string {
  const grew = `${kind} of ${host} grew from ${Math.min(...counts)} to ${counts.at(-1)}`;
  if (rises.length === 1) return `${grew}, once, in tenth ${rises[0]}`;
  return `${grew}, in ${rises.length} of ${counts.length} tenths, by ${Number(slope.toFixed(2))} each in the median`;
}

/**
 * Throws `Nonconformance` where the last tenth was slower than it may be, `Blocked` where the machine keeps that from being judged, and
 * `NothingSeen` where there are no two tenths to compare, and why.
 */
export function expectSteady(cycle: string, pace: Pace | string): void {
  if (typeof pace === "string") throw new NothingSeen(pace);
  const { percentile, firstMs, lastMs, ratio, slower, unjudged } = pace;
  if (unjudged !== undefined) throw new Blocked(unjudged);
  if (!slower) return;
  throw new Nonconformance({
    who: `the p${percentile} of ${cycle}, in the last tenth`,
    expected: `at most ${worstRatio} × that of the first, ${Math.round(firstMs)} ms`,
    got: `${Math.round(lastMs)} ms, ${ratio.toFixed(2)} × of it`,
  });
}

/** What each tenth came to, for the evidence. */
export function describeTenths(tenths: readonly Tenth[]): string {
  const told = tenths.map(({ cycles, snapshot, ...tenth }) => ({
    ...tenth,
    cycles,
    counts: Object.fromEntries(
      Object.entries(snapshot).map(([host, kinds]) => [
        host,
        Object.fromEntries(Object.entries(kinds).map(([kind, things]) => [kind, things.length])),
      ]),
    ),
  }));
  return `${JSON.stringify(told, undefined, 1)}\n`;
}
