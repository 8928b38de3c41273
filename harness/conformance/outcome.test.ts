import { AssertionError } from "node:assert";
import { describe, expect, it } from "vitest";
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
import { expectFact } from "./expect.ts";
import { outcomeOf, SetUpFailed } from "./outcome.ts";

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

describe("expectFact", () => {
  it("says who, what was expected and what was got", () => {
    expect(() => expectFact("c1", "its MTU", 1500, 1450)).toThrow(
      "c1: expected its MTU to be 1450, got 1500",
    );
    expect(() => expectFact("c1", "its ports", [1], [2])).toThrow(
      "c1: expected its ports to be [2], got [1]",
    );
  });

  it("is content with equal facts", () => {
    expect(() => expectFact("c1", "its ports", { a: [1] }, { a: [1] })).not.toThrow();
  });
});
