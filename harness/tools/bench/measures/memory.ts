import { readdirSync, readFileSync } from "node:fs";

/** Highest resident memory of one process, in MB (10^6 bytes), pages that it shares with others included. */
export interface PeakMemory {
  readonly pid: number;
  /** As the process calls itself, e.g. `node (vitest 1)`. */
  readonly title: string;
  readonly peak: number;
}

export interface MemoryReading {
  readonly processes: readonly PeakMemory[];
  /** Highest sum over all processes at one moment; shared pages count once for each. */
  readonly peakSum: number;
  /** The same by proportional set size, in which a page shared by n processes counts 1/n for each. */
  readonly peakProportional: number;
}

const everyMs = 250;

/** Samples a process and its descendants from /proc until it is stopped; Linux only. */
export class MemorySampler {
  readonly #root: number;
  readonly #timer: NodeJS.Timeout;
  readonly #processes = new Map<number, PeakMemory>();
  #peakSum = 0;
  #peakProportional = 0;

  /** `root` itself is not counted unless `included`. */
  constructor(root: number, { included = false }: { included?: boolean } = {}) {
    this.#root = root;
    this.#timer = setInterval(() => this.#sample(included), everyMs);
  }

  stop(): MemoryReading {
    clearInterval(this.#timer);
    return {
      processes: [...this.#processes.values()].sort((a, b) => b.peak - a.peak),
      peakSum: this.#peakSum,
      peakProportional: this.#peakProportional,
    };
  }

  #sample(included: boolean): void {
    let sum = 0;
    let proportional = 0;
    for (const pid of [...(included ? [this.#root] : []), ...descendants(this.#root)]) {
      const now = readKilobytes(`/proc/${pid}/status`, ["VmRSS", "VmHWM"]);
      if (!now) continue;
      sum += now.VmRSS ?? 0;
      proportional += readKilobytes(`/proc/${pid}/smaps_rollup`, ["Pss"])?.Pss ?? 0;
      const peak = Math.max(now.VmHWM ?? 0, this.#processes.get(pid)?.peak ?? 0);
      // A process that has ended, but was not waited for yet, has neither memory nor a command line.
      if (now.VmRSS) this.#processes.set(pid, { pid, title: titleOf(pid), peak });
    }
    this.#peakSum = Math.max(this.#peakSum, sum);
    this.#peakProportional = Math.max(this.#peakProportional, proportional);
  }
}

function descendants(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8")
        .split(" ")
        .filter(Boolean)
        .flatMap((child) => [Number(child), ...descendants(Number(child))]),
    );
  } catch {
    return []; // it has ended
  }
}

/** Fields of a /proc file that are given in kB, as MB. */
function readKilobytes(path: string, names: readonly string[]): Record<string, number> | undefined {
  try {
    const text = readFileSync(path, "utf8");
    return Object.fromEntries(
      names.map((name) => {
        const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0;
        return [name, (Number(kilobytes) * 1024) / 1e6];
      }),
    );
  } catch {
    return undefined;
  }
}

function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean).join(" ").trim();
  } catch {
    return "";
  }
}
