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

const network = (ipam: unknown, more: object = {}) => ({
  ...{ cniVersion: "1.0.0", name: "net" },
  plugins: [
    { type: "bridge", ipam },
    { type: "tuning", ...more },
  ],
});
const withSubnet = { type: "host-local", subnet: "10.0.0.0/24" };
const withRanges = network({ type: "host-local", ranges: [[{ subnet: "10.0.0.0/24" }]] });
const notFound = "Error: requested static ip 10.128.1.40 not in any subnet on network cni-609d5b82";

test.each([
  ["an address in what it does not read is not supported", notFound, network(withSubnet), Unsupported],
  ["only the first plugin counts", notFound, network(withSubnet, { ipam: { ranges: [] } }), Unsupported],
  ["what is no delegate at all is not its own to judge", notFound, network(null), Unsupported],
  ["an address in what it reads is refused", notFound, withRanges, HarnessError],
  ["nothing is joined", notFound, undefined, HarnessError],
  [
    "what a plugin refuses is the plugin's",
    'Error: plugin type="bridge" failed (add): no IP addresses available in range set',
    withRanges,
    Nonconformance,
  ],
  ["anything else", "Error: the container name is already in use", network(withSubnet), HarnessError],
])("of what Podman refuses, %s", (_, words, joined, kind) => {
  expect(podmanRefusal("podman run", words, joined).constructor).toBe(kind);
});
