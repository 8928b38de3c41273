import { Nonconformance } from "#harness/core/errors.ts";
import { type Growth, growthOf, type Pace, type Tenth, worstRatio } from "#harness/oracle/churn/churn.ts";
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

function describeGrowth({ host, kind, counts }: Growth): string {
  return `${kind} of ${host} grew from ${counts[0]} to ${counts.at(-1)}`;
}

/** Throws `Nonconformance` where the last tenth was slower than it may be. */
export function expectSteady(cycle: string, { firstMs, lastMs, ratio, unjudged }: Pace): void {
  if (unjudged !== undefined || ratio <= worstRatio) return;
  throw new Nonconformance({
    who: `the p99 of ${cycle}, in the last tenth`,
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
