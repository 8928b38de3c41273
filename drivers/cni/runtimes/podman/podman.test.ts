import { expect, test } from "vitest";
import { HarnessError, Nonconformance, Unsupported } from "#harness/core/errors.ts";
import { chosenPort } from "#harness/workload/cni/workload-runtime.ts";
import { podmanRefusal, publishArgument } from "./podman.ts";

test.each([
  ["9120:80/tcp", { port: 80, hostPort: 9120 }],
  ["192.0.2.1:9120:80/udp", { port: 80, hostPort: 9120, protocol: "udp", address: "192.0.2.1" }],
  ["[2001:db8::1]:9120:80/tcp", { port: 80, hostPort: 9120, address: "2001:db8::1" }],
] as const)("Podman is asked for %s", (argument, spec) => {
  expect(publishArgument(chosenPort(spec))).toBe(argument);
});

test.each([
  ["Error: requested static ip 10.128.1.40 not in any subnet on network cni-609d5b82", Unsupported],
  ['Error: plugin type="bridge" failed (add): no IP addresses available in range set', Nonconformance],
  ["Error: the container name is already in use", HarnessError],
])(
  "what Podman refuses by itself, for an address that it does not find, is no failure: %s",
  (words, kind) => {
    expect(podmanRefusal("podman run", words).constructor).toBe(kind);
  },
);
