import { expect, test } from "vitest";
import { chosenPort } from "#harness/workload/cni/workload-runtime.ts";
import { publishArgument } from "./podman.ts";

test.each([
  ["9120:80/tcp", { port: 80, hostPort: 9120 }],
  ["192.0.2.1:9120:80/udp", { port: 80, hostPort: 9120, protocol: "udp", address: "192.0.2.1" }],
  ["[2001:db8::1]:9120:80/tcp", { port: 80, hostPort: 9120, address: "2001:db8::1" }],
] as const)("Podman is asked for %s", (argument, spec) => {
  expect(publishArgument(chosenPort(spec))).toBe(argument);
});
