import { expect, test } from "vitest";
import { placeOf } from "./place.ts";

function thrown(stack: string): Error {
  return Object.assign(new TypeError("none is undefined"), { stack });
}

test("the place of an error is the first frame of the project's or the user's own", () => {
  const stack = `TypeError: none is undefined
    at open (node:internal/fs:12:3)
    at call (/srv/plugin/node_modules/dockerode/lib/docker.js:7:1)
    at Object.connect (file:///home/me/my%20driver.ts:12:17)
    at connect (/src/harness/conformance/chapter.ts:80:3)`;
  expect(placeOf(thrown(stack))).toBe("/home/me/my driver.ts:12");
  expect(placeOf(thrown(stack), (file) => file.endsWith("chapter.ts"))).toBe(
    "/src/harness/conformance/chapter.ts:80",
  );
  expect(placeOf(thrown(stack), () => false)).toBeUndefined();
  expect(placeOf("no error")).toBeUndefined();
});

test("what was thrown here says so", () => {
  expect(placeOf(new Error("here"))).toMatch(/harness\/core\/failure\/place\.test\.ts:\d+$/);
});
