import { AssertionError } from "node:assert";
import { describe, expect, it, test } from "vitest";
import { NotRemoved } from "#harness/core/async/scope.ts";
import {
  Blocked,
  ConnectionLost,
  DeadlineExceeded,
  EngineAtFault,
  HarnessError,
  Nonconformance,
  NotGone,
  NothingSeen,
  ProbeFailed,
  Unsupported,
} from "#harness/core/errors.ts";
import { outcomeMeanings, outcomeOf, outcomes, SetUpFailed } from "./outcome.ts";

const setUp = (outcome: "failed" | "error") =>
  new SetUpFailed({ outcome, message: "no", cause: { kind: "set-up", what: "no" }, evidence: [] });

describe("outcomeOf", () => {
  it.each([
    [new Nonconformance({ who: "c1", expected: "open", got: "refused" }), "failed"],
    [new NotGone({ who: "the plugin", expected: "nothing", got: "an endpoint" }), "failed"],
    [
      new EngineAtFault("no Leave", { because: { kind: "call left out", what: "no Leave" } }),
      "engine at fault",
    ],
    [new AssertionError({ message: "no" }), "failed"],
    [Object.assign(new Error("no"), { name: "AssertionError" }), "failed"],
    [{ name: "AssertionError" }, "error"],
    [new Blocked("no vxlan"), "blocked"],
    [new Unsupported("not declared"), "unsupported"],
    [new ConnectionLost("node2", "docker ps"), "error"],
    [new NotRemoved("chapter", ["container: lost"], [], undefined), "error"],
    [new DeadlineExceeded("waited"), "error"],
    [new ProbeFailed("no python3"), "error"],
    [new HarnessError("broken"), "error"],
    [new NothingSeen("no exchange"), "not run"],
    [setUp("failed"), "failed"],
    [setUp("error"), "error"],
    [new TypeError("undefined is not a function"), "error"],
    ["a string", "error"],
  ] as const)("%s is %s", (error, outcome) => {
    expect(outcomeOf(error)).toBe(outcome);
  });
});

test("what kept a target from being set up is the cause of each of its tests", () => {
  expect(setUp("error")).toMatchObject({ message: "no", because: { kind: "set-up", what: "no" } });
});

test.each(outcomes)("%s has a meaning of its own, for people", (outcome) => {
  const others = outcomes.filter((other) => other !== outcome).map((other) => outcomeMeanings[other]);
  expect(outcomeMeanings[outcome]).toMatch(/\w+ \w+/);
  expect(others).not.toContain(outcomeMeanings[outcome]);
});
