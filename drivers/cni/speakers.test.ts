import { expect, test } from "vitest";
import { speakerConfig } from "#drivers/kit/nodes/speaker-config.ts";
import { type Rendered, withAddress } from "./network/rendered.ts";
import { singleAddresses } from "./speakers.ts";

const subnets = ["10.128.1.0/24", "fd6e:6334:6f6e:1::/64", "10.128.2.0/24"];

test("what is announced are single addresses of the announced networks, by IP version", () => {
  expect(singleAddresses(4, subnets)).toBe("where net ~ [ 10.128.1.0/24{32,32}, 10.128.2.0/24{32,32} ]");
  expect(singleAddresses(6, subnets)).toBe("where net ~ [ fd6e:6334:6f6e:1::/64{128,128} ]");
  expect(singleAddresses(6, [])).toBe("none");
});

test("a speaker listens at its node's address of each router's IP version", () => {
  const config = speakerConfig(
    {
      as: 64_601,
      addresses: ["10.128.0.1/24", "fd00::1/64"],
      neighbors: [
        { address: "10.128.0.240", as: 64_600 },
        { address: "fd00::f0", as: 64_600 },
      ],
    },
    (family) => singleAddresses(family, subnets),
  );
  expect(config).toContain("router id 10.128.0.1;");
  expect(config).toMatch(
    /bgp router0 \{\s+local 10\.128\.0\.1 as 64601;\s+neighbor 10\.128\.0\.240 as 64600;/,
  );
  expect(config).toMatch(/bgp router1 \{\s+local fd00::1 as 64601;\s+neighbor fd00::f0 as 64600;/);
  expect(config).toContain("ipv6 { import where net ~ [ fd6e:6334:6f6e:1::/64{128,128} ];");
});

test("an address that a user asks for is given out by a node that has another part of the subnet", () => {
  const range = (subnet: string) => ({ subnet, rangeStart: "10.128.1.2", rangeEnd: "10.128.1.126" });
  const config = (ranges: object[][]) => ({
    name: "net",
    plugins: [{ type: "ptp", ipam: { type: "host-local", ranges } }, { type: "portmap" }],
  });
  const given = config([[range("10.128.1.0/24")], [range("fd00::/64")]]);
  expect(withAddress(given as Rendered, "10.128.1.200")).toEqual(
    config([
      [{ subnet: "10.128.1.0/24", rangeStart: "10.128.1.200", rangeEnd: "10.128.1.200" }],
      [range("fd00::/64")],
    ]),
  );
});
