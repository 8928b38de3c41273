import { expect, test } from "vitest";
import { isUnattached, readUnattached, unattachedReasons } from "./unattached.ts";

const refused =
  "attaching to network failed, make sure your network options are correct and check manager logs";

test.for([
  [`(HTTP code 500) server error - ${refused}: context deadline exceeded`, true],
  [`failed to set up container networking: ${refused}: context deadline exceeded`, true],
  [`${refused}: rpc error: code = InvalidArgument`, false],
  ["failed to set up container networking: context deadline exceeded", false],
] as const)("%s", ([said, expected]) => {
  expect(isUnattached(said)).toBe(expected);
});

const now = 'now="2026-11-28T04:00:30.500000000Z"';
const dropped = (time: string) =>
  `time="2026-11-28T${time}" level=error msg="fatal task error" error="failed to find a load balancer IP to use for network: wr826ti79qgsww79ybh40ki9h" module=node/agent/taskmanager node.id=s6247h22ztv5efxpaz5uqbiky`;

test.for([
  ["one that was dropped while the container waited", [now, dropped("04:00:11.196737791Z")], "dropped"],
  ["the same on a node with a time zone", [now, dropped("06:00:11.196737791+02:00")], "dropped"],
  ["one that was dropped before", [now, dropped("03:59:50.196737791Z")], undefined],
  ["one that is dropped later", [now, dropped("04:00:31.196737791Z")], undefined],
  ["an engine that waits for another node", [now, "waits"], "waits"],
  ["both", [now, dropped("04:00:11.196737791Z"), "waits"], "dropped"],
  ["a line of another form", [now, "failed to find a load balancer IP to use for network"], undefined],
  ["a node that tells nothing", [""], undefined],
] as const)("%s", ([, printed, reason]) => {
  expect(readUnattached(printed.join("\n"))).toBe(reason && unattachedReasons[reason]);
});
