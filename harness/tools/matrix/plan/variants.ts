import { type EngineChoice, formatEngine, parseEngine, parseFlags } from "#harness/core/engines/grammar.ts";

/** What a matrix makes of the engines that are asked for. */
export interface EngineAxes {
  /** Flags of dockerd as they stand between brackets, e.g. `icc=false,live-restore`; each engine runs once more with each. */
  readonly variants?: readonly string[];
  /** Also every ordered pair of them: node1 with one, node2 with the other. */
  readonly mixed?: boolean;
}

/**
 * The words of ENGINE, then each with the flags of each variant, then the pairs of those that are one engine. Throws `UsageError`
 * for flags that are none, without the name of the option.
 */
export function spreadEngines(
  words: readonly string[],
  { variants = [], mixed = false }: EngineAxes,
): string[] {
  const engines = words.map((word) => parseEngine(word));
  const flagged = variants.flatMap((variant) => {
    const flags = parseFlags(variant);
    return engines.map((nodes) => nodes.map((node) => withFlags(node, flags)));
  });
  const single = engines.flatMap(([node, ...others]) => (node && others.length === 0 ? [node] : []));
  const pairs = mixed
    ? single.flatMap((one) => single.flatMap((other) => (one === other ? [] : [[one, other]])))
    : [];
  const spread = [...new Set([...engines, ...flagged, ...pairs].map((nodes) => formatEngine(nodes)))];
  // An engine may have a flag of its own that the variant has otherwise.
  for (const word of spread) parseEngine(word);
  return spread;
}

function withFlags({ source, flags }: EngineChoice, more: readonly string[]): EngineChoice {
  return { source, flags: [...flags, ...more.filter((flag) => !flags.includes(flag))] };
}
