import { expect, test } from "vitest";
import { findDebian } from "./mmdebstrap.ts";

test("the Debian archive is told from its security archive and from other vendors'", () => {
  const targets = [
    "Docker\tDocker\thttp://vendor.test/linux/",
    "Debian\tDebian-Security\thttp://mirror.test/debian-security/",
    "Debian\tDebian\thttp://mirror.test/debian/",
    "",
  ].join("\n");
  expect(findDebian(targets)).toBe("http://mirror.test/debian/");
});

test("a system without a Debian archive has none", () => {
  expect(findDebian("Ubuntu\tUbuntu\thttp://mirror.test/ubuntu/\n")).toBeUndefined();
});
