import { expect, test } from "vitest";
import { formatAddress, formatSubnet, parseAddress, parseSubnet } from "./addresses.ts";

test.each([
  ["10.1.2.3", "10.1.2.3"],
  ["::", "::"],
  ["::1", "::1"],
  ["fd00:0:0:1::", "fd00:0:0:1::"],
  ["FD6E:6366:0:0:0:0:0:7", "fd6e:6366::7"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["::ffff:10.1.2.3", "::ffff:a01:203"],
])("%s is written as %s", (text, canonical) => {
  expect(formatAddress(parseAddress(text))).toBe(canonical);
});

test("a network is written without host bits", () => {
  expect(formatSubnet(parseSubnet("fd00:1::/32"))).toBe("fd00:1::/32");
  expect(() => parseSubnet("fd00:1::5/32")).toThrow("fd00:1::/32");
});
