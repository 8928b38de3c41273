import { describe, expect, test } from "vitest";
import { errorIn, exits } from "#drivers/kit/netctl/messages.ts";
import { AdminClient } from "#drivers/reference/admin/client.ts";
import { BadArguments, readArguments } from "./arguments.ts";
import { commands, runNetctl } from "./netctl.ts";

const known = [
  { name: "tenant", as: ["t", "tenant"], value: "TENANT" },
  { name: "quiet", as: ["q", "quiet"] },
  { name: "policy", as: ["p", "policy"], value: "POLICY", repeats: true },
];

describe("a command line", () => {
  test("has flags with one dash or two, before or behind the words", () => {
    expect(readArguments(["a", "-t", "blue", "b"], known)).toMatchObject({
      words: ["a", "b"],
      flags: { tenant: "blue" },
    });
    expect(readArguments(["--tenant=blue", "-q", "a"], known)).toMatchObject({
      words: ["a"],
      flags: { tenant: "blue", quiet: "true" },
    });
  });

  test("can name several things by one flag, again or with commas", () => {
    expect(readArguments(["-p", "a,b", "--policy=c"], known).lists).toEqual({ policy: ["a", "b", "c"] });
  });

  test("that is not understood is refused with what is wrong in it", () => {
    expect(() => readArguments(["-x"], known)).toThrow("flag provided but not defined: -x");
    expect(() => readArguments(["-t"], known)).toThrow(BadArguments);
  });
});

describe("netctl", () => {
  /** Nobody listens there. */
  const admin = new AdminClient("/nonexistent/netconform.sock");

  test.each([
    [["net", "frobnicate"], exits.badArguments, "No such command: netctl net frobnicate"],
    [["net", "create"], exits.badArguments, "Invalid Arguments: expected NETWORK, got nothing"],
    [["tenant", "create", "-t", "a", "b"], exits.badArguments, "flag provided but not defined: -t"],
    [["net", "create", "-p", "x", "n"], exits.badArguments, 'invalid value "x" for flag -pkt-tag'],
    [["policy", "rule-add", "p", "1"], exits.badArguments, "-action: expected allow or deny, got nothing"],
    [["policy", "rule-add", "-j", "drop", "p", "1"], exits.badArguments, "expected allow, deny"],
    [["net", "ls"], exits.noAnswer, "no reference plugin answers at /nonexistent/netconform.sock"],
  ])("%j ends with %i and says why", async (given, code, why) => {
    const answer = await runNetctl(admin, given);
    expect(answer.code).toBe(code);
    expect(errorIn(answer.output)).toContain(why);
  });

  test("tells its usage, of all commands, of a noun's, and of one with its flags", async () => {
    const all = await runNetctl(admin, ["help"]);
    expect(all.code).toBe(exits.success);
    expect(all.output.trimEnd().split("\n")).toHaveLength(Object.keys(commands).length);
    const policies = await runNetctl(admin, ["policy", "--help"]);
    expect(policies.output).toMatch(/^netctl policy create POLICY/);
    expect(policies.output).not.toContain("netctl net");
    expect((await runNetctl(admin, ["network", "create", "-h"])).output).toContain("-s, --subnet CIDR");
  });
});
