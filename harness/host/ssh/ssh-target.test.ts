import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { algorithmsOf, fingerprintOf, keysFor, knownHostName } from "./ssh-target.ts";

function hashed(name: string): string {
  const salt = Buffer.from("12345678901234567890");
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
}

describe("keysFor", () => {
  const known = [
    "# a comment",
    "node1,192.0.2.1 ssh-ed25519 AAAA comment",
    `${hashed("192.0.2.2")} ssh-rsa BBBB`,
    "[192.0.2.1]:2222 ssh-ed25519 CCCC",
    "*.example,!bad.example ecdsa-sha2-nistp256 DDDD",
    "@cert-authority * ssh-ed25519 EEEE",
    "@revoked old.example ssh-ed25519 FFFF",
    "old.example ssh-ed25519 FFFF",
  ].join("\n");

  it.each([
    [knownHostName("192.0.2.1", 22), ["ssh-ed25519 AAAA"]],
    [knownHostName("192.0.2.2", 22), ["ssh-rsa BBBB"]],
    [knownHostName("192.0.2.1", 2222), ["ssh-ed25519 CCCC"]],
    ["good.example", ["ecdsa-sha2-nistp256 DDDD"]],
    ["bad.example", []],
    ["192.0.2.9", []],
  ])("finds the keys of %s", (name, keys) => {
    expect(keysFor(known, name)).toEqual(keys);
  });

  it("leaves out keys that were revoked", () => {
    expect(keysFor(known, "old.example")).toEqual(["ecdsa-sha2-nistp256 DDDD"]);
  });
});

describe("algorithmsOf", () => {
  it("asks for signatures that an RSA key can make today", () => {
    expect(algorithmsOf(["ssh-rsa AAAA", "ssh-ed25519 BBBB"])).toEqual([
      "rsa-sha2-512",
      "rsa-sha2-256",
      "ssh-ed25519",
    ]);
  });
});

describe("fingerprintOf", () => {
  it("is what ssh-keygen prints: without padding", () => {
    expect(fingerprintOf("AAAA")).toBe("SHA256:cJ6AyISHokEeHuTfufIqhhSS0gxHZRUMDHlKvXD4FHw");
  });
});
