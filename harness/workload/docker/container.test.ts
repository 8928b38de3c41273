import { expect, test } from "vitest";
import { isUnansweredBySwarm } from "./container.ts";

test("a start that a swarm's manager did not answer is told from one that is refused", () => {
  const refused =
    "attaching to network failed, make sure your network options are correct and check manager logs";
  expect(isUnansweredBySwarm(`(HTTP code 500) server error - ${refused}: context deadline exceeded`)).toBe(
    true,
  );
  expect(isUnansweredBySwarm(`${refused}: rpc error: code = InvalidArgument`)).toBe(false);
  expect(isUnansweredBySwarm("failed to set up container networking: context deadline exceeded")).toBe(false);
});
