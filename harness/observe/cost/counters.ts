import { readFileSync, writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import type { Host } from "#harness/host/host.ts";
import type { PartCost, PeakMemory, ProcessorTime } from "./cost.ts";

/** What the kernel counts of a process or host, at one moment: both only ever grow, until a host is started anew. */
export interface Counters {
  readonly processor: ProcessorTime;
  /** Highest memory since the counter began. */
  readonly memory: PeakMemory;
}

const root = "/sys/fs/cgroup";
/** Of cgroup 2, then of the hierarchies of cgroup 1, which may be mounted together. */
const files = {
  processor2: [`${root}/cpu.stat`],
  processor1: [`${root}/cpuacct/cpuacct.usage`, `${root}/cpu,cpuacct/cpuacct.usage`],
  memory2: [`${root}/memory.peak`],
  memory1: [`${root}/memory/memory.max_usage_in_bytes`],
};

/** Long enough for a loaded node; a measurement is not worth more. */
const readMs = 5_000;

/**
 * Reads the counters of the control group that a host sees as its root: of a node in a container all that runs in the
 * container, its engine and what that started included; of any other host the whole machine. Never throws: why there is no figure is told.
 */
export async function readHostCounters(host: Host): Promise<Counters> {
  try {
    // Ends with 2 where a file is missing, which what is printed says as well.
    const { stdout } = await host.exec(["grep", "-s", "", ...Object.values(files).flat()], {
      deadlineMs: readMs,
    });
    return parseCounters(stdout);
  } catch (error) {
    const [why = ""] = String(error instanceof Error ? error.message : error).split("\n");
    return { processor: { notMeasured: why }, memory: { notMeasured: why } };
  }
}

/** Reads what `grep "" FILE …` prints of these files: `FILE:LINE`. */
export function parseCounters(printed: string): Counters {
  const find = (among: readonly string[], line: string) => {
    for (const file of among) {
      const found = new RegExp(`^${RegExp.escape(file)}:${line}$`, "m").exec(printed)?.[1];
      if (found !== undefined) return Number(found);
    }
    return undefined;
  };
  const microseconds = find(files.processor2, "usage_usec (\\d+)");
  const nanoseconds = find(files.processor1, "(\\d+)");
  const seconds = microseconds === undefined ? nanoseconds && nanoseconds / 1e9 : microseconds / 1e6;
  const peakBytes = find(files.memory2, "(\\d+)") ?? find(files.memory1, "(\\d+)");
  return {
    processor:
      seconds === undefined
        ? { notMeasured: "the kernel shows neither cpu.stat nor cpuacct.usage there" }
        : { seconds },
    memory:
      peakBytes === undefined
        ? { notMeasured: "the kernel shows neither memory.peak nor memory.max_usage_in_bytes there" }
        : { peakBytes, atMost: false },
  };
}

/** Reads the counters of this process. */
export function readOwnCounters(): Counters {
  const { user, system } = process.cpuUsage();
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readIfThere("/proc/self/status"))?.[1];
  return {
    processor: isMainThread
      ? { seconds: (user + system) / 1e6 }
      : { notMeasured: "the worker is a thread of a process that does more" },
    memory:
      kilobytes === undefined
        ? { notMeasured: "the kernel shows no VmHWM of this process" }
        : { peakBytes: Number(kilobytes) * 1024, atMost: false },
  };
}

/** Has the kernel look for the highest memory of this process from now on. `false` where it does not do that. */
export function forgetOwnPeak(): boolean {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
    return true;
  } catch {
    return false;
  }
}

/** What was used between two readings of one process or host. */
export function costBetween(of: string, before: Counters, after: Counters): PartCost {
  return { of, processor: secondsBetween(before, after), memory: peakBetween(before, after) };
}

const startedAnew = "its counters began anew, as those of a host do that was started again";

function secondsBetween(before: Counters, after: Counters): ProcessorTime {
  if ("notMeasured" in before.processor) return before.processor;
  if ("notMeasured" in after.processor) return after.processor;
  const seconds = after.processor.seconds - before.processor.seconds;
  return seconds < 0 ? { notMeasured: startedAnew } : { seconds };
}

/** A peak that has not grown is one of before, and says only that nothing was higher. */
function peakBetween(before: Counters, after: Counters): PeakMemory {
  if ("notMeasured" in before.memory) return before.memory;
  if ("notMeasured" in after.memory) return after.memory;
  const { peakBytes } = after.memory;
  if (peakBytes < before.memory.peakBytes) return { notMeasured: startedAnew };
  return { peakBytes, atMost: peakBytes === before.memory.peakBytes };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
