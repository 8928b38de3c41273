import { expect, test } from "vitest";
import { setting } from "#harness/oracle/fixtures/setting.ts";
import type { CaseRule } from "./case.ts";
import { commandsOf, preparations } from "./commands.ts";
import { stepsOf, undoing } from "./steps.ts";

const rule: CaseRule = {
  ...{ policy: "shared", direction: "out", protocol: "tcp", port: "second" },
  ...{ action: "deny", priority: 9, peer: "group b" },
};
const given = { order: "moved", rules: [rule], earlier: [] } as const;

test("a case is told as the commands that make it, with those before it and after it", () => {
  expect(preparations(setting)).toEqual([
    expect.stringMatching(/^# netctl as the reference plugin/),
    "netctl net create -t default elsewhere",
    "netctl net create -t default -s 10.1.2.0/24 --subnetv6 fd00:1:2::/64 net",
    "netctl policy create -t default policy-a",
    "netctl policy create -t default policy-b",
    "netctl policy create -t default policy-s",
    "netctl group create -t default -p policy-a -p policy-s net group-a",
    "netctl group create -t default -p policy-b -p policy-s net group-b",
    "netctl tenant create blue",
    "netctl net create -t blue -s 10.1.2.0/24 --subnetv6 fd00:1:2::/64 net",
    "netctl group create -t blue net group-a",
    "docker run -d --name a1 --network group-a --ip 10.1.2.11 --ip6 fd00:1:2::11 alpine sleep 1d # on node1",
    "docker run -d --name a2 --network group-a --ip 10.1.2.12 --ip6 fd00:1:2::12 alpine sleep 1d # on node2",
    "docker run -d --name b1 --network group-b --ip 10.1.2.13 --ip6 fd00:1:2::13 alpine sleep 1d # on node2",
    "docker run -d --name free --network net --ip 10.1.2.14 --ip6 fd00:1:2::14 alpine sleep 1d # on node1",
    "docker run -d --name x1 --network group-a/blue --ip 10.1.2.11 --ip6 fd00:1:2::11 alpine sleep 1d # on node2",
    "docker run -d --name x2 --network net/blue --ip 10.1.2.20 --ip6 fd00:1:2::20 alpine sleep 1d # on node1",
  ]);
  expect(commandsOf([...stepsOf(given, setting), ...undoing(given)], setting)).toEqual([
    "docker run -d --name visitor --network group-b --ip 10.1.2.15 --ip6 fd00:1:2::15 alpine sleep 1d # on node2",
    "netctl policy rule-add -t default --direction=out --protocol=tcp --port=8889 --action=deny --priority=9 --to-group=group-b policy-s r1",
    "docker rm --force visitor # on node2",
    "docker run -d --name visitor --network group-a --ip 10.1.2.15 --ip6 fd00:1:2::15 alpine sleep 1d # on node2",
    "netctl policy rule-rm -t default policy-s r1",
    "docker rm --force visitor # on node2",
  ]);
});

test("over CNI nothing is told that nobody can type: the driver's methods, and calls of the plugin", () => {
  const cni = { ...setting, api: "cni" } as const;
  const told = [...preparations(cni), ...commandsOf([...stepsOf(given, cni), ...undoing(given)], cni)];
  expect(told[0]).toMatch(/^# methods of the driver/);
  expect(told.filter((line) => /netctl|docker/.test(line))).toEqual([]);
  expect(told).toContain(
    'createGroup {"tenant":"default","network":"net","name":"group-a","policies":["policy-a","policy-s"]}',
  );
  expect(told).toContain(
    'ADD {"name":"visitor","tenant":"default","network":"net","group":"group-a","ip":"10.1.2.15","ip6":"fd00:1:2::15"} # on node2',
  );
  expect(told).toContain('removeRule {"tenant":"default","policy":"policy-s","id":"r1"}');
  expect(told.at(-1)).toBe('DEL {"name":"visitor"} # on node2');
});
