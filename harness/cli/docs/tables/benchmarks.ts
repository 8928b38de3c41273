import { markdownTable } from "#harness/core/text/markdown.ts";
import { loadBenchmarks } from "#harness/tools/bench/runner/benchmark.ts";

/** Every benchmark by the name that `--only` takes. */
export async function benchmarksTable(): Promise<string> {
  const benchmarks = await loadBenchmarks();
  return markdownTable(
    ["`--only`", "what is measured"],
    benchmarks.map(({ name, title }) => [`\`${name}\``, title]),
  );
}
