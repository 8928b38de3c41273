/** A probe and where it runs. */
export interface Placed {
  readonly node: { readonly name: string };
}

/**
 * Ordered pairs of probes on different nodes: every probe once as the source and once as the target, in an order that
 * leads over all nodes, and `more` further ones for each probe, chosen by `random` (0 to below 1). As many as there are
 * probes, not as there are pairs of them: what a mesh of any size costs.
 */
export function sampleMesh<T extends Placed>(
  probes: readonly T[],
  more: number,
  random: () => number,
): { from: T; to: T }[] {
  const ring = interleave(probes);
  const pairs = ring.map((from, index) => ({ from, to: ring[(index + 1) % ring.length] ?? from }));
  for (const from of probes) {
    const others = probes.filter(({ node }) => node.name !== from.node.name);
    for (let count = 0; count < Math.min(more, others.length); count++) {
      const to = others[Math.floor(random() * others.length)];
      if (to) pairs.push({ from, to });
    }
  }
  return pairs.filter(({ from, to }) => from.node.name !== to.node.name);
}

/** One probe of each node after the other, so that neighbours are on different nodes as long as there are several. */
function interleave<T extends Placed>(probes: readonly T[]): T[] {
  const byNode = [...Map.groupBy(probes, ({ node }) => node.name).values()];
  const longest = Math.max(0, ...byNode.map((group) => group.length));
  return Array.from({ length: longest }, (_, index) => byNode.flatMap((group) => group[index] ?? [])).flat();
}
