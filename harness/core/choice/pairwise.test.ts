import { describe, expect, it } from "vitest";
import { seededRandom } from "#harness/core/random.ts";
import { pairwise } from "./pairwise.ts";

const dimensions = {
  size: ["s", "m", "l"],
  colour: ["red", "blue"],
  lid: [true, false],
  more: [1, 2, 3, 4],
};

describe("pairwise choices", () => {
  it("have every two values of two dimensions together, in far fewer choices than there are", () => {
    const choices = pairwise(dimensions, seededRandom(1));
    for (const size of dimensions.size) {
      for (const more of dimensions.more) {
        expect(choices).toContainEqual(expect.objectContaining({ size, more }));
        for (const lid of dimensions.lid)
          expect(choices).toContainEqual(expect.objectContaining({ lid, more }));
      }
      for (const colour of dimensions.colour)
        expect(choices).toContainEqual(expect.objectContaining({ colour, size }));
    }
    expect(choices.length).toBeLessThan(18);
  });

  it("have more new pairs in the first of them than in the last", () => {
    const seen = new Set<string>();
    const fresh = pairwise(dimensions, seededRandom(3)).map((choice) => {
      const entries = Object.entries(choice).map(String);
      const pairs = entries.flatMap((one, index) =>
        entries.slice(index + 1).map((other) => `${one} ${other}`),
      );
      const found = pairs.filter((pair) => !seen.has(pair));
      for (const pair of found) seen.add(pair);
      return found.length;
    });
    expect(fresh[0]).toBe(6);
    expect(fresh.at(-1)).toBeLessThan(4);
  });

  it("never have what excludes each other, and all the other pairs", () => {
    const apart = ({ size, lid, colour }: { size?: string; lid?: boolean; colour?: string }) =>
      (size === "s" && lid === true) || (size === "l" && colour === "red");
    for (const seed of [1, 2, 3, 4, 5]) {
      const choices = pairwise(dimensions, seededRandom(seed), apart);
      expect(choices.filter(apart)).toEqual([]);
      for (const more of dimensions.more) {
        for (const size of dimensions.size)
          expect(choices).toContainEqual(expect.objectContaining({ size, more }));
        for (const colour of dimensions.colour)
          expect(choices).toContainEqual(expect.objectContaining({ colour, more }));
      }
    }
  });

  it("of one dimension are its values, each once", () => {
    expect(pairwise({ size: ["s", "m"] }, seededRandom(1))).toEqual([{ size: "s" }, { size: "m" }]);
  });
});
