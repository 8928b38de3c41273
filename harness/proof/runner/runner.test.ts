import { describe, expect, it } from "vitest";
import { baseline, type CaseResult, type CaseRun, casesOf, type FaultCase } from "#harness/proof/case.ts";
import { faults } from "#harness/proof/faults/all.ts";
import { runCases } from "./runner.ts";
import type { CaseTestbed } from "./testbed.ts";

/** Runs nothing: what is shown of a case is what it expects, unless `show` says otherwise. */
class PaperTestbed implements CaseTestbed {
  readonly log: string[] = [];
  show: (one: FaultCase) => Promise<CaseRun> = async (one) => asExpected(one);
  left = "";

  async open(): Promise<void> {
    this.log.push("open");
  }
  choose(cases: readonly FaultCase[]): readonly FaultCase[] {
    return cases.filter(({ on }) => on.tier === "cnm").slice(0, 1);
  }
  async run(batch: readonly FaultCase[]): Promise<CaseRun[]> {
    this.log.push(...batch.map(({ name }) => name));
    return Promise.all(batch.map(this.show));
  }
  async leftovers(): Promise<string> {
    return this.left;
  }
  async replace(): Promise<void> {
    this.log.push("replace");
    this.left = "";
  }
  async close(): Promise<void> {
    this.log.push("close");
  }
}

function asExpected({ fault }: FaultCase): CaseRun {
  const requirement = fault?.detectedBy[0] ?? "CNM-1";
  const outcome = fault ? "failed" : "passed";
  return { observations: [{ requirement, outcome, test: requirement }], errors: [], durationMs: 1 };
}

const two = faults.filter(({ name }) => ["mac-unparsable", "gateway-with-prefix"].includes(name));
const cases = casesOf(two);

async function runOn(testbeds: PaperTestbed[], signal = new AbortController().signal): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  await runCases(cases, { testbeds, signal, tell: (result) => results.push(result) });
  return results;
}

describe("cases run", () => {
  it("on testbeds side by side, faults only after the baseline of their place, each once", async () => {
    const begun = Promise.withResolvers<void>();
    const [one, other] = [new PaperTestbed(), new PaperTestbed()];
    one.show = async (given) => {
      if (given.name === baseline) await begun.promise;
      return asExpected(given);
    };
    other.open = async () => begun.resolve();
    const results = await runOn([one, other]);
    expect(results.map((result) => [result.case.name, result.problems])).toEqual([
      [baseline, []],
      ["mac-unparsable", []],
      ["gateway-with-prefix", []],
    ]);
    expect([...one.log, ...other.log].sort()).toEqual(
      ["open", baseline, "mac-unparsable", "gateway-with-prefix", "close", "close"].sort(),
    );
  });

  it("not at all with a fault where the baseline is not green", async () => {
    const testbed = new PaperTestbed();
    testbed.show = async () => ({ observations: [], errors: [], durationMs: 1 });
    const results = await runOn([testbed]);
    expect(results.map((result) => [result.case.name, result.problems])).toEqual([
      [baseline, ["no test ran"]],
    ]);
    expect(testbed.log).toEqual(["open", baseline, "close"]);
  });

  it("on a new testbed after one that something was left on", async () => {
    const testbed = new PaperTestbed();
    testbed.left = "a link";
    const results = await runOn([testbed]);
    expect(results.map(({ leftovers }) => leftovers)).toEqual(["a link", "", ""]);
    expect(testbed.log.slice(0, 4)).toEqual(["open", baseline, "replace", "mac-unparsable"]);
  });

  it("nowhere else when a testbed breaks with the baseline, and its error is thrown at the end", async () => {
    const [one, other] = [new PaperTestbed(), new PaperTestbed()];
    one.show = async () => {
      throw new Error("the cluster is gone");
    };
    await expect(runOn([one, other])).rejects.toThrow("the cluster is gone");
    expect(one.log).toEqual(["open", baseline, "close"]);
    expect(other.log).toEqual(["open", "close"]);
  });

  it("no further once the run is interrupted, which leaves the testbeds to the interruption", async () => {
    const interruption = new AbortController();
    const testbed = new PaperTestbed();
    testbed.show = async (one) => {
      interruption.abort();
      return asExpected(one);
    };
    expect(await runOn([testbed], interruption.signal)).toEqual([]);
    expect(testbed.log).toEqual(["open", baseline]);
  });
});
