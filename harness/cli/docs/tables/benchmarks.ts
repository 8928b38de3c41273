import { join } from "node:path";
import { projectRoot } from "#harness/core/project-root.ts";
import { markdownTable } from "#harness/core/text/markdown.ts";
import { loadBenchmarks } from "#harness/tools/bench/runner/benchmark.ts";
import { historyTable, newestTable, readBenchHistory } from "#harness/tools/bench/runner/history.ts";

/** Where the figures of before are kept. */
const benchHistoryFile = join(projectRoot, "docs/benchmarks.json");

/** Every benchmark by the name that `--only` takes. */
export async function benchmarksTable(): Promise<string> {
  const benchmarks = await loadBenchmarks();
  return markdownTable(
    ["`--only`", "what is measured", "takes long"],
    benchmarks.map(({ name, title, long }) => [`\`${name}\``, title, long ? "yes" : ""]),
  );
}

/** The newest figures of every benchmark. */
export function benchTable(): string {
  return newestTable(readBenchHistory(benchHistoryFile));
}

/** The figures of before, with what has become slower. */
export function benchHistoryTable(): string {
  return historyTable(readBenchHistory(benchHistoryFile));
}
