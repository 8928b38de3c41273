import { describe, expect, it } from "vitest";
import { seededRandom } from "#harness/core/random.ts";
import { sampleMesh } from "./sampled-mesh.ts";

const probes = (...nodes: string[]) => nodes.map((name, id) => ({ id, node: { name } }));

describe("sampleMesh", () => {
  it("has every probe as a source and as a target, always of another node", () => {
    const all = probes("a", "b", "c", "a", "b", "c");
    const pairs = sampleMesh(all, 0, seededRandom(1));
    expect(pairs).toHaveLength(all.length);
    for (const end of ["from", "to"] as const) {
      expect(new Set(pairs.map((pair) => pair[end].id)).size).toBe(all.length);
    }
    expect(pairs.filter(({ from, to }) => from.node.name === to.node.name)).toEqual([]);
  });

  it("grows with the number of probes, not of pairs", () => {
    const all = probes(...Array.from({ length: 100 }, (_, index) => `node${index % 10}`));
    expect(sampleMesh(all, 2, seededRandom(7)).length).toBeLessThanOrEqual(300);
  });

  it("is the same for the same seed", () => {
    const all = probes("a", "b", "c", "d");
    expect(sampleMesh(all, 2, seededRandom(5))).toEqual(sampleMesh(all, 2, seededRandom(5)));
  });

  it("has no pairs on a single node", () => {
    expect(sampleMesh(probes("a", "a"), 3, seededRandom(1))).toEqual([]);
  });
});
