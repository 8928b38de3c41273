import { describe, expect, test } from "vitest";
import { HarnessError, Nonconformance } from "#harness/core/errors.ts";
import { causeId, causeOf, withoutGenerated } from "./cause.ts";

const cause = { kind: "plugin start", what: "mine on node1 ended before it was ready" } as const;

describe("the cause of an error", () => {
  test("is the one that it names, or that what caused it names", () => {
    const failure = new Nonconformance({ who: "mine", expected: "a", got: "b", because: cause });
    expect(causeOf(failure)).toEqual(cause);
    expect(causeOf(new HarnessError("not ready", { because: cause }))).toEqual(cause);
    expect(causeOf(new HarnessError("later", { cause: failure }))).toEqual(cause);
    expect(causeOf(new Error("alone"))).toBeUndefined();
    expect(causeOf("a text")).toBeUndefined();
  });

  test("has an id that says its kind, and is the same for the same words", () => {
    expect(causeId(cause)).toMatch(/^plugin-start-[0-9a-f]{8}$/);
    expect(causeId({ ...cause })).toBe(causeId(cause));
    expect(causeId({ ...cause, kind: "set-up" })).not.toBe(causeId(cause));
    expect(causeId({ ...cause, what: "mine on node2 ended before it was ready" })).not.toBe(causeId(cause));
  });
});

describe("words without what one test made up", () => {
  test.each([
    ["c-16f251a1 to c-2d3a5932 (10.1.2.2): expected an answer to ping", "c-NAME to c-NAME (ADDRESS)"],
    ["docker network create --subnet=10.1.2.0/24 net-0a1b2c3d: expected", "--subnet=ADDRESS net-NAME: "],
    ["got 0 of 1 answered after 10000 ms", "got 0 of 1 answered after TIME"],
    ["its MAC to be 02:42:0a:01:02:03", "its MAC to be MAC"],
    ["fd00:10::2 on node1", "ADDRESS on node1"],
    ["network 9f86d081884c7d659a2feaa0c55ad015 is gone", "network ID is gone"],
    ["last seen on node1 vethdb9a9ef (in)", "node1 veth-NAME (in)"],
    ["the engine of node1 (pid 47)", "(pid PID)"],
    ["nsenter --net=/proc/397/ns/net", "--net=/proc/PID/ns/net"],
  ])("%s", (text, part) => {
    expect(withoutGenerated(text)).toContain(part);
  });

  test.each([
    "node1: expected the port 8080 to be open, got refused",
    "M4: expected 3 differences, got 4",
    "the default route: expected one, got none",
  ])("leaves %s", (text) => {
    expect(withoutGenerated(text)).toBe(text);
  });
});
