import { expect, test } from "vitest";
import { changesOfDetaching } from "./detach.ts";

test("DEL names the attachment that ADD named, and nothing else of its environment", () => {
  const named = { CNI_CONTAINERID: "has a space", CNI_IFNAME: undefined };
  const env = { ...named, CNI_NETNS: "/run/netns/gone", CNI_COMMAND: "FROBNICATE" };
  expect(changesOfDetaching({ env, prevResult: null, path: ["/own"] })).toStrictEqual({
    env: named,
    path: ["/own"],
  });
});

test("an ordinary ADD has an ordinary DEL", () => {
  expect(changesOfDetaching({})).toStrictEqual({});
});
