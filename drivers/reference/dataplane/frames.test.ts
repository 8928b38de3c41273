import { expect, test } from "vitest";
import { gratuitousArp, unsolicitedAdvertisement } from "./frames.ts";

const mac = "02:02:0a:01:02:07";

test("a gratuitous ARP request asks everybody for the sender's own address", () => {
  expect(gratuitousArp(mac, "10.1.2.7")).toBe(
    "ffffffffffff02020a01020708060001080006040001" + "02020a0102070a010207" + "000000000000" + "0a010207",
  );
});

test("an unsolicited advertisement tells all nodes the address and its MAC, with the override flag", () => {
  // The checksum was worked out by another program.
  expect(unsolicitedAdvertisement(mac, "fd00:10:1:2::7")).toBe(
    "33330000000102020a01020786dd" +
      "6000000000203aff" +
      "fd000010000100020000000000000007" +
      "ff020000000000000000000000000001" +
      "88004e6020000000" +
      "fd000010000100020000000000000007" +
      "020102020a010207",
  );
});
