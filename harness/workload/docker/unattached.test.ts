import { expect, test } from "vitest";
import { isUnattached, readUnattached } from "./unattached.ts";

const refused =
  "attaching to network failed, make sure your network options are correct and check manager logs";

test.for([
  [`(HTTP code 500) server error - ${refused}: context deadline exceeded`, true],
  [`${refused}: rpc error: code = InvalidArgument`, false],
  ["failed to set up container networking: context deadline exceeded", false],
] as const)("%s", ([said, expected]) => {
  expect(isUnattached(said)).toBe(expected);
});

/** `seconds` after four o'clock. */
const at = (seconds: number, words: string) =>
  `time="2026-11-28T04:00:${String(seconds).padStart(2, "0")}.196737791Z" level=error ${words}`;
const refusal = (seconds: number) =>
  at(
    seconds,
    `msg="Handler for POST /v1.45/containers/90b970/start returned error: ${refused}: context deadline exceeded"`,
  );
const dropped = (seconds: number) =>
  at(
    seconds,
    'msg="fatal task error" error="Failed to find a load balancer IP to use for network: wr826" module=node/agent/taskmanager',
  );
const unanswered = (seconds: number) => at(seconds, 'msg="Bulk sync to node fe1c5aa413ac timed out"');

test.for([
  ["a task that was dropped while the container waited", [dropped(1), refusal(20)], /before its own address/],
  ["one that was dropped before it", [dropped(1), refusal(50)], undefined],
  ["a join that gives up after the refusal", [refusal(20), unanswered(30)], /no answer of another node/],
  ["one that gave up before the container waited", [unanswered(5), refusal(20)], undefined],
  ["one that began after the refusal", [refusal(1), unanswered(55)], undefined],
  ["of two refusals the last", [refusal(1), dropped(2), refusal(20)], /before its own address/],
  ["a log of another form", ["fatal task error load balancer IP", refusal(20)], undefined],
  ["no refusal", [dropped(1), unanswered(2)], undefined],
] as const)("%s", ([, log, what]) => {
  const found = readUnattached(log.join("\n"))?.what;
  if (what === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(what);
});
