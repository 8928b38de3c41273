import { expect, it } from "vitest";
import type { Claim, Proof } from "#harness/proof/proof.ts";
import { describeProofs } from "./table.ts";

const claim: Claim = {
  ...{ tier: "cnm", name: "somebody", on: "reference", breaks: "something" },
  ...{ detectedBy: ["CNM-1"], mayFollow: [] },
};
const proof: Proof = { ...claim, followed: [], problems: [], durationMs: 1_000 };
const about = { unproved: [], durationMs: 2_000, path: "/tmp/prove.json" };

it("counts a claim that holds as passed", () => {
  const { passed, failed, text } = describeProofs({ ...about, claims: [claim], proofs: [proof] });
  expect({ passed, failed }).toEqual({ passed: 1, failed: 0 });
  expect(text).toContain("caught");
});

it("counts a claim that does not hold, and one that was not tested, as failed", () => {
  const another = { ...claim, on: "elsewhere" };
  const missed = { ...proof, problems: ["CNM-1 had to fail and is passed"] };
  const { passed, failed, text } = describeProofs({ ...about, claims: [claim, another], proofs: [missed] });
  expect({ passed, failed }).toEqual({ passed: 0, failed: 2 });
  expect(text).toContain("MISSED");
  expect(text).toContain("not run");
});

it("counts what was tested without having been claimed, such as a plugin without a fault", () => {
  const untouched = { ...proof, name: "untouched", detectedBy: [], problems: ["CNM-2 is failed"] };
  const { passed, failed, text } = describeProofs({ ...about, claims: [claim], proofs: [proof, untouched] });
  expect({ passed, failed }).toEqual({ passed: 1, failed: 1 });
  expect(text).toContain("NOT GREEN");
});

it("counts a MUST that nothing proves as failed, unless there is a reason", () => {
  const unproved = [
    { requirement: "S1", reason: "nothing can break it" },
    { requirement: "S3", reason: undefined },
  ] as const;
  const { failed } = describeProofs({ ...about, unproved, claims: [claim], proofs: [proof] });
  expect(failed).toBe(1);
});
