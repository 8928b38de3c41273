import { describe, expect, test } from "vitest";
import { Nonconformance, Unsupported } from "#harness/core/errors.ts";
import type { Capability } from "#suites/requirements/capability.ts";
import { judgeAsPromised } from "./promised-since.ts";

const broken = new Nonconformance({ who: "c1 to c1", expected: "open", got: "dropped" });
const holds = async () => {};
const breaks = async () => {
  throw broken;
};

async function judge(
  engine: string,
  capabilities: readonly Capability[],
  look: () => Promise<void>,
  overCni?: Capability,
): Promise<{ ended: unknown; facts: unknown[] }> {
  const facts: unknown[] = [];
  const judged = {
    cluster: { engine },
    declaration: { capabilities },
    fact: (...told: unknown[]) => facts.push(told),
    promise: { since: "28.0", ...(overCni ? { overCni } : {}) } as const,
  };
  const ended = await judgeAsPromised(judged, look).then(
    () => "passed",
    (error: unknown) => error,
  );
  return { ended, facts };
}

describe("a rule that Docker promises since 28.0", () => {
  test("is judged from that engine on", async () => {
    expect(await judge("28.0.1", ["publish"], holds)).toEqual({ ended: "passed", facts: [] });
    expect(await judge("28.5.2", ["publish"], breaks)).toEqual({ ended: broken, facts: [] });
  });

  test("is a fact on an older engine, whether it holds or not", async () => {
    const [seen, missed] = [await judge("26.1.5", [], holds), await judge("26.1.5", [], breaks)];
    expect(seen.facts).toEqual([["promised since Docker 28.0", "it holds"]]);
    expect(missed.facts).toEqual([["promised since Docker 28.0", expect.stringContaining("dropped")]]);
    for (const { ended } of [seen, missed]) expect(ended).toBeInstanceOf(Unsupported);
  });

  test("is a fact through CNI on every engine", async () => {
    const { ended, facts } = await judge("28.5.2", ["cni"], breaks);
    expect(ended).toBeInstanceOf(Unsupported);
    expect(facts).toHaveLength(1);
  });

  test("is judged through CNI on every engine where the driver declares what stands for it", async () => {
    expect(await judge("26.1.5", ["cni", "hairpin"], breaks, "hairpin")).toEqual({
      ended: broken,
      facts: [],
    });
    const { ended } = await judge("28.5.2", ["cni"], breaks, "hairpin");
    expect(ended).toEqual(new Unsupported("Docker promises it, and CNI does not without hairpin"));
  });
});
