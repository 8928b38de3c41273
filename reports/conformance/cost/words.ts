import { formatDuration } from "#reports/conformance/words.ts";
import type { ChapterStatement } from "./schema.ts";

/** Time of processors and peak memory in words; `not measured` where there is no figure, empty where nothing ran. */
export function formatCostOf(one: Pick<ChapterStatement, "cost"> | undefined): {
  readonly processor: string;
  readonly memory: string;
} {
  if (!one?.cost) return { processor: "", memory: "" };
  const { processor, memory } = one.cost;
  return {
    processor: "seconds" in processor ? formatDuration(processor.seconds * 1000) : "not measured",
    memory: "peakBytes" in memory ? formatPeak(memory) : "not measured",
  };
}

function formatPeak({ peakBytes, atMost }: { peakBytes: number; atMost: boolean }): string {
  return `${atMost ? "≤ " : ""}${Math.round(peakBytes / 1e6)} MB`;
}
