import ssh2 from "ssh2";
import { describe, expect, it } from "vitest";
import { generateKeyPair, isSound } from "./keys.ts";

describe("generateKeyPair", () => {
  it("makes pairs that can be read, with their comment", () => {
    const pair = generateKeyPair("node1");
    expect(pair.public).toMatch(/^ssh-ed25519 \S+ node1$/);
    expect(ssh2.utils.parseKey(pair.private)).not.toBeInstanceOf(Error);
  });

  it("never makes two alike", () => {
    expect(generateKeyPair("a").private).not.toBe(generateKeyPair("a").private);
  });
});

describe("isSound", () => {
  it("refuses halves of different pairs", () => {
    const [one, other] = [generateKeyPair("one"), generateKeyPair("other")];
    expect(isSound({ private: one.private, public: other.public })).toBe(false);
  });

  it("refuses a public key that lost a byte, as one with a leading zero does", () => {
    const pair = generateKeyPair("short");
    const [kind, blob = ""] = pair.public.split(" ");
    const bytes = Buffer.from(blob, "base64");
    const short = Buffer.concat([bytes.subarray(0, 15), Buffer.from([0, 0, 0, 31]), bytes.subarray(20)]);
    expect(isSound({ ...pair, public: `${kind} ${short.toString("base64")} short` })).toBe(false);
  });
});
