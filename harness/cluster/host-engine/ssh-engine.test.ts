import { userInfo } from "node:os";
import { expect, test } from "vitest";
import { targetOf } from "./ssh-engine.ts";

test.each([
  ["ssh://ops@build.example:2222", { address: "build.example", port: 2222, user: "ops" }],
  ["ssh://build.example", { address: "build.example", port: 22, user: userInfo().username }],
  ["ssh://root@[2001:db8::7]/run/other.sock", { address: "2001:db8::7", port: 22, user: "root" }],
])("%s is taken apart", (dockerHost, target) => {
  expect(targetOf(dockerHost)).toMatchObject(target);
});
