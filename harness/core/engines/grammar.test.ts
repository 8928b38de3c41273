import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { UsageError } from "#harness/core/errors.ts";
import { type EngineSource, formatEngine, parseEngine, parseEngines, splitEngines } from "./grammar.ts";

const sources: [string, EngineSource][] = [
  ["26.1", { kind: "known", version: "26.1" }],
  ["29.7.2", { kind: "release", version: "29.7.2" }],
  ["29.0.0-rc.1", { kind: "release", version: "29.0.0-rc.1" }],
  ["newest", { kind: "release", version: "newest" }],
  ["debian:sid", { kind: "debian", suite: "sid" }],
  ["debian:sid@20261101", { kind: "debian", suite: "sid", date: "20261101T000000Z" }],
  ["debian:sid@20261101T083000Z", { kind: "debian", suite: "sid", date: "20261101T083000Z" }],
  ["./docker-29.7.2.tgz", { kind: "tarball", path: resolve("docker-29.7.2.tgz") }],
  ["/opt/docker.tar.gz", { kind: "tarball", path: "/opt/docker.tar.gz" }],
  ["../moby/bundles/dynbinary", { kind: "folder", path: resolve("../moby/bundles/dynbinary") }],
  [
    "./docker.sources@5:29.1.3-1~debian.13~trixie",
    { kind: "apt", path: resolve("docker.sources"), version: "5:29.1.3-1~debian.13~trixie" },
  ],
  ["/a/debian.sources@28.5.2+dfsg2-1", { kind: "apt", path: "/a/debian.sources", version: "28.5.2+dfsg2-1" }],
];

describe("a source", () => {
  test.each(sources)("%s", (word, source) => {
    expect(parseEngine(word)).toEqual([{ source, flags: [] }]);
    expect(parseEngine(formatEngine(parseEngine(word)))).toEqual([{ source, flags: [] }]);
  });

  test.each(sources)("%s with flags, and after another", (word, source) => {
    const mixed = parseEngine(`26.1+${word}[icc=false,--live-restore]`);
    expect(mixed).toEqual([
      { source: { kind: "known", version: "26.1" }, flags: [] },
      { source, flags: ["icc=false", "live-restore"] },
    ]);
    expect(parseEngine(formatEngine(mixed))).toEqual(mixed);
  });
});

test("a list is cut at commas that are not between brackets", () => {
  const text = "26.1[icc=false,live-restore], 28.5,,20.10+26.1[a=1,b=2]+28.5";
  expect(splitEngines(text)).toEqual(["26.1[icc=false,live-restore]", "28.5", "20.10+26.1[a=1,b=2]+28.5"]);
});

test("a list has each engine once, however it is written", () => {
  expect(parseEngines("26.1, 26.1[icc=false]")).toEqual(["26.1", "26.1[icc=false]"]);
  expect(() => parseEngines("26.1,28.5,26.1")).toThrow(/^each engine once, got 26\.1 twice$/);
  expect(() => parseEngines(`./a.tgz,${resolve("a.tgz")}`)).toThrow(
    /^each engine once, got \.\/a\.tgz and \/\S+, which are the same$/,
  );
  expect(() => parseEngines(",")).toThrow(/^at least one of 20\.10/);
});

test("a flag may have several values, and is not on and off at once", () => {
  const flags = ["label=a", "label=b", "dns=192.0.2.1", "dns=192.0.2.2"];
  expect(parseEngine(`26.1[${flags}]`)).toMatchObject([{ flags }]);
});

test("a value may hold a comma, and a plus", () => {
  const word = "26.1[default-address-pool=base=10.9.0.0/16\\,size=24,label=a+26.1]";
  expect(splitEngines(word)).toEqual([word]);
  const choices = parseEngine(word);
  expect(choices.map(({ flags }) => flags)).toEqual([
    ["default-address-pool=base=10.9.0.0/16,size=24", "label=a+26.1"],
  ]);
  expect(formatEngine(choices)).toBe(word);
});

test.each([
  ["19", /^one of 20\.10, 26\.1, 28\.5, a release/],
  ["19.03", /^one of 20\.10/],
  ["", /^one of/],
  ["debian:", /^one of/],
  ["debian:sid@yesterday", /^one of/],
  ["docker.tgz", /^one of/],
  ["26.1[", /^one of/],
  ["26.1[icc=false", /^one of/],
  ["26.1]", /^one of/],
  ["26.1[icc=false]x", /^one of/],
  ["./docker.sources", /^the version of the packages behind it, \.\/docker\.sources@VERSION$/],
  ["26.1[]", /^flags of dockerd such as icc=false .*got ""$/],
  ["26.1[icc=$(reboot)]", /^flags of dockerd .*got "icc=\$\(reboot\)"$/],
  ["26.1[a b]", /^flags of dockerd/],
  ["26.1[icc=false,icc=true]", /^each flag of dockerd once, got icc=false and icc=true$/],
  ["26.1[icc,icc=false]", /^each flag of dockerd once/],
  ["26.1[label=a,label=a]", /^each flag of dockerd once, got label=a and label=a$/],
  ["debian:sid@20261399", /^a day and time that there are, .* got 20261399$/],
  ["debian:sid@20260230", /^a day and time/],
  ["debian:sid@20261101T250000Z", /^a day and time/],
])("%s is none", (word, message) => {
  expect(() => parseEngine(word)).toThrow(UsageError);
  expect(() => parseEngine(word)).toThrow(message);
});
