/** A figure, or why there is none. What was not measured is never 0. */
export type Measured<Figure extends object> = Figure | { readonly notMeasured: string };

/** Time of processors, user and system, in seconds. */
export type ProcessorTime = Measured<{ readonly seconds: number }>;

/** Highest memory in bytes, the page cache included where a cgroup counts it. */
export type PeakMemory = Measured<{
  readonly peakBytes: number;
  /** The counter was as high before: the peak of what is meant here was at most this. */
  readonly atMost: boolean;
}>;

/** What one process or host used. */
export interface PartCost {
  /** `worker`, `main process`, or the name of a host, e.g. `node1`. */
  readonly of: string;
  readonly processor: ProcessorTime;
  readonly memory: PeakMemory;
}

/** What a piece of work used: of all its parts together, and of each. Plain JSON. */
export interface Cost {
  readonly processor: ProcessorTime;
  /** The parts' peaks added up, which need not have been at the same moment. */
  readonly memory: PeakMemory;
  readonly parts: readonly PartCost[];
}

/** The cost of a piece of work whose parts worked side by side. A part that was not measured leaves the sum unmeasured. */
export function costOf(parts: readonly PartCost[]): Cost {
  return {
    processor: addSeconds(parts.map(named(({ processor }) => processor))),
    memory: addPeaks(parts.map(named(({ memory }) => memory))),
    parts,
  };
}

/** The cost of several pieces of work, one after the other: times add up, and the highest peak is the peak. */
export function joinCosts(costs: readonly Cost[]): Cost {
  const names = new Set(costs.flatMap(({ parts }) => parts.map(({ of }) => of)));
  return {
    processor: addSeconds(costs.map(({ processor }) => processor)),
    memory: highest(costs.map(({ memory }) => memory)),
    parts: [...names].map((of) => {
      const own = costs.flatMap(({ parts }) => parts.filter((part) => part.of === of));
      return {
        of,
        processor: addSeconds(own.map(({ processor }) => processor)),
        memory: highest(own.map(({ memory }) => memory)),
      };
    }),
  };
}

/** The figure of a part, or the reason with the part's name. */
function named<F extends object>(figure: (part: PartCost) => Measured<F>): (part: PartCost) => Measured<F> {
  return (part) => {
    const found = figure(part);
    return "notMeasured" in found ? { notMeasured: `${part.of}: ${found.notMeasured}` } : found;
  };
}

function addSeconds(times: readonly ProcessorTime[]): ProcessorTime {
  return whereAll(times, (all) => ({ seconds: all.reduce((sum, { seconds }) => sum + seconds, 0) }));
}

function addPeaks(peaks: readonly PeakMemory[]): PeakMemory {
  return whereAll(peaks, (all) => ({
    peakBytes: all.reduce((sum, { peakBytes }) => sum + peakBytes, 0),
    atMost: all.some(({ atMost }) => atMost),
  }));
}

function highest(peaks: readonly PeakMemory[]): PeakMemory {
  return whereAll(peaks, (all) => {
    // Of two that are as high, the one that was seen to be so high.
    const order = (one: (typeof all)[number], other: (typeof all)[number]) =>
      other.peakBytes - one.peakBytes || Number(one.atMost) - Number(other.atMost);
    return all.toSorted(order)[0] ?? { notMeasured: "nothing ran" };
  });
}

/** What the figures come to, or the reasons of those that are none. */
function whereAll<F extends object>(
  all: readonly Measured<F>[],
  combine: (all: readonly F[]) => Measured<F>,
): Measured<F> {
  const reasons = all.flatMap((one) => ("notMeasured" in one ? [one.notMeasured] : []));
  if (reasons.length > 0) return { notMeasured: [...new Set(reasons)].join("; ") };
  if (all.length === 0) return { notMeasured: "nothing ran" };
  return combine(all as readonly F[]);
}
