import { expect, test } from "vitest";
import { isUnattached, readUnattached, readUnattachedStart, unattachedReasons } from "./unattached.ts";

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

const id = "39f87f2900068cd24cee5050484ca04cac1450a93b3da1b38a203c8e54f0daf1";
const notStarted = (time: string, of = id) =>
  `time="2026-11-28T${time}" level=error msg="failed to start swarm container" container=${of} error="failed to set up container networking: ${refused}: context deadline exceeded"`;
const inVain = (time: string) =>
  `time="2026-11-28T${time}" level=error msg="Bulk sync to node c760d0e4767f timed out"`;

test.for([
  ["a wait that was over later", [notStarted("17:23:42.993798918Z"), inVain("17:23:53.225629384Z")], "waits"],
  ["one that was over before", [inVain("17:23:41.225629384Z"), notStarted("17:23:42.993798918Z")], undefined],
  ["one that began later", [notStarted("17:23:42.993798918Z"), inVain("17:24:19.225629384Z")], undefined],
  ["a drop meanwhile", [dropped("17:23:30.196737791Z"), notStarted("17:23:42.993798918Z")], "dropped"],
  ["a drop long before", [dropped("17:23:10.196737791Z"), notStarted("17:23:42.993798918Z")], undefined],
  [
    "another container's",
    [notStarted("17:23:42.993798918Z", "b7e5"), inVain("17:23:53.225629384Z")],
    undefined,
  ],
  ["nothing", [""], undefined],
] as const)("of a container that an engine started by itself: %s", ([, printed, reason]) => {
  expect(readUnattachedStart(printed.join("\n"), id)).toBe(reason && unattachedReasons[reason]);
});
