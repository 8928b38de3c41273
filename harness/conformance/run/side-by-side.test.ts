import { expect, test } from "vitest";
import { chaptersAtATime, clustersThatFit } from "./side-by-side.ts";

const gigabyte = 1024 ** 3;

test("two clusters for each core and those that wait, as far as memory goes, and never none", () => {
  expect(clustersThatFit({ cores: 2, free: 24 * gigabyte })).toBe(4);
  expect(clustersThatFit({ cores: 2, free: 24 * gigabyte, idle: 1 })).toBe(5);
  expect(clustersThatFit({ cores: 2, free: 9 * gigabyte, idle: 1 })).toBe(4);
  expect(clustersThatFit({ cores: 16, free: 9 * gigabyte })).toBe(4);
  expect(clustersThatFit({ cores: 1, free: gigabyte / 2 })).toBe(1);
});

test("chapters run one at a time where that is asked for, where hosts are there once, and where a person is asked", () => {
  const settings = { SEQUENTIAL: undefined, KEEP: false, CLUSTER: "containers", CONTIV: undefined } as const;
  expect(chaptersAtATime(settings, {}, 4)).toBe(4);
  expect(chaptersAtATime({ ...settings, SEQUENTIAL: true }, {}, 4)).toBe(1);
  expect(chaptersAtATime({ ...settings, KEEP: true }, {}, 4)).toBe(1);
  expect(chaptersAtATime({ ...settings, KEEP: true, SEQUENTIAL: false }, {}, 4)).toBe(4);
  expect(chaptersAtATime({ ...settings, CLUSTER: "ssh", SEQUENTIAL: false }, {}, 4)).toBe(1);
  expect(chaptersAtATime({ ...settings, CLUSTER: "vagrant" }, {}, 4)).toBe(1);
  expect(chaptersAtATime({ ...settings, CONTIV: "running" }, {}, 4)).toBe(1);
  expect(chaptersAtATime(settings, { pause: "/run/pause.sock" }, 4)).toBe(1);
});
