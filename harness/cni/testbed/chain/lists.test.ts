import { expect, test } from "vitest";
import { profiles } from "#harness/cni/testbed/profiles.ts";
import { commonLists, listsOf } from "./lists.ts";

const typesOf = (type: string) =>
  listsOf({ type, profile: profiles[type.replace(/\..*/, "")] ?? fail(type) }).map((list) =>
    list.map((member) => member.type),
  );

function fail(type: string): never {
  throw new Error(`no profile of ${type}`);
}

test("the lists that people use begin with a plugin that makes an interface, and each has a ready-made configuration", () => {
  for (const [first = "", ...later] of commonLists) {
    expect(profiles[first]?.kind, first).toBe("interface");
    for (const name of later) expect(profiles[name]?.kind, name).toBe("chained");
  }
});

test("a plugin is tried in every list that it is part of", () => {
  expect(typesOf("sbr")).toEqual([
    ["bridge", "sbr"],
    ["macvlan", "sbr"],
  ]);
  expect(typesOf("host-local")).toEqual([]);
});

test("a copy of a plugin stands in the lists under the name of its file", () => {
  expect(typesOf("debug-chained.del-leaves-rules")).toEqual([
    ["debug-interface", "debug-chained.del-leaves-rules"],
  ]);
});

test("a configuration of the user's is part of no other list than its own", () => {
  const profile = { ...(profiles.bridge ?? fail("bridge")), lists: [] };
  expect(listsOf({ type: "bridge", profile })).toEqual([]);
});
