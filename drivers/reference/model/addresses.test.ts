import { expect, test } from "vitest";
import { readAddress, readCidr, readNetwork } from "./addresses.ts";
import { Refusal } from "./refusal.ts";

test.each([
  [() => readAddress("10.1.2"), '"10.1.2" is no IP address'],
  [() => readCidr("10.1.2.0"), '"10.1.2.0" is no CIDR'],
  [() => readNetwork("fd00:1::5/32"), '"fd00:1::5/32" has host bits set: the network is fd00:1::/32'],
])("what cannot be read is refused: %s", (read, message) => {
  expect(read).toThrow(Refusal);
  expect(read).toThrow(message);
});
