import { runChapters } from "./measures/chapter-runs.ts";
import type { BenchmarkRow } from "./runner/benchmark.ts";
import type { BenchContext } from "./runner/context.ts";

export const name = "memory";
export const title = "Memory of the harness while it runs the chapters";

const aimOfMain = { of: "value", atMost: 220 } as const;
const aim = { of: "value", atMost: 300 } as const;

export async function run(context: BenchContext): Promise<BenchmarkRow[]> {
  const { harness } = await context.once(runChapters);
  const [heaviest] = harness.map(({ memory }) => memory).sort((a, b) => b.peakSum - a.peakSum);
  if (!heaviest) throw new Error("the chapters were not run");
  return [
    ...heaviest.processes
      .filter(({ peak }) => peak >= 20)
      .map(
        ({ title, peak }): BenchmarkRow => ({
          what: `peak of ${describe(title)}`,
          value: peak,
          unit: "MB",
          aim: describe(title) === mainProcess ? aimOfMain : aim,
        }),
      ),
    {
      what: `all ${heaviest.processes.length} processes at the worst moment`,
      value: heaviest.peakSum,
      unit: "MB",
      note: "resident set size; what they share counts once for each",
    },
    {
      what: "the same, what they share counted once",
      value: heaviest.peakProportional,
      unit: "MB",
      note: "proportional set size",
      aim: { of: "value", atMost: 400 },
      limit: "two processes of Node.js with the Docker client each, and the host engine",
    },
  ];
}

const mainProcess = "vitest's main process: set-up and reports";

/** What the process is, by its command line; without the paths of this machine. */
function describe(title: string): string {
  if (title.includes("vitest.mjs")) return mainProcess;
  if (title.includes("--experimental-import-meta-resolve")) return "vitest's worker: the chapters";
  return title.replaceAll(/\S*\/(?=[^/\s]+)/g, "").slice(0, 60);
}
