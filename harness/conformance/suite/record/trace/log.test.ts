import { expect, test } from "vitest";
import { readLog } from "./log.ts";

const look = (name: string, text: string) => ({ name, command: "tail", text });

test("lines are told by when they were written, by all who wrote them", () => {
  const { lines, untimed } = readLog({
    looks: [
      look(
        "engine log",
        '==> /var/log/dockerd.log <==\ntime="2026-11-20T02:00:01.5Z" level=info msg="b"\npanic: no\ngoroutine 1',
      ),
      look(
        "plugin logs",
        "==> /var/log/netconform-x/x.log <==\nKilled\n2026-11-20T02:00:00.250+0000 a\n==> /var/log/netconform-x/y.log <==\n2026-11-20 03:00:02+01:00 c",
      ),
      look(
        "Open vSwitch's logs",
        "==> /var/log/openvswitch/ovs-vswitchd.log <==\n2026-11-20T02:00:03.783Z|00001|vlog|INFO|d",
      ),
      look("routes", "2026-11-20T02:00:00Z is no log"),
    ],
  });
  const begin = Date.parse("2026-11-20T02:00:00Z");
  expect(lines.map(({ of, at, text }) => [of, at - begin, text.split("\n").length])).toEqual([
    ["x.log", 250, 1],
    ["engine", 1_500, 3],
    ["y.log", 2_000, 1],
    ["ovs-vswitchd.log", 3_783, 1],
  ]);
  expect(untimed).toBe(1);
});

test("what was not collected has no lines", () => {
  expect(readLog({ looks: [look("engine log", "not collected: the connection was lost")] })).toEqual({
    lines: [],
    untimed: 1,
  });
});
