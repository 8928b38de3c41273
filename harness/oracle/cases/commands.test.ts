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
  expect(preparations(setting).slice(2, 6)).toEqual([
    "netctl policy create -t default policy-s",
    "netctl group create -t default -p policy-a -p policy-s net group-a",
    "netctl group create -t default -p policy-b -p policy-s net group-b",
    "docker run -d --name a1 --network group-a --ip 10.1.2.11 IMAGE sleep inf",
  ]);
  expect(commandsOf([...stepsOf(given, setting), ...undoing(given)], setting)).toEqual([
    "docker run -d --name visitor --network group-b --ip 10.1.2.15 IMAGE sleep inf",
    "netctl policy rule-add -t default --direction=out --protocol=tcp --port=8889 --action=deny --priority=9 --to-group=group-b policy-s r1",
    "docker rm --force visitor",
    "docker run -d --name visitor --network group-a --ip 10.1.2.15 IMAGE sleep inf",
    "netctl policy rule-rm -t default policy-s r1",
    "docker rm --force visitor",
  ]);
});
