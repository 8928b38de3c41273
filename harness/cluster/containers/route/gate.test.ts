import { expect, test } from "vitest";
import { hostOf } from "./gate.ts";

test.each([
  ["unix:///var/run/docker.sock", "127.0.0.1"],
  ["tcp://localhost:2375", "127.0.0.1"],
  ["tcp://[::1]:2375", "127.0.0.1"],
  ["tcp://build.example:2376", "build.example"],
  ["tcp://[2001:db8::7]:2375", "2001:db8::7"],
  ["192.0.2.7:2375", "192.0.2.7"],
])("ports that %s publishes are on %s", (dockerHost, host) => {
  expect(hostOf(dockerHost)).toBe(host);
});
