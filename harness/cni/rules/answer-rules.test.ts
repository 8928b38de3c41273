import { describe, expect, test } from "vitest";
import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import type { AddResult } from "#harness/cni/protocol/result.ts";
import {
  type Asked,
  addressFlaw,
  checkAdd,
  checkRefusal,
  checkVersion,
  describeInterfaces,
  interfaceFlaw,
  listingFlaw,
  sandboxFlaw,
  versionSaid,
} from "./answer-rules.ts";

const netns = "/run/netns/nc";
const asked: Asked = { version: "1.1.0", kind: "interface", ifName: "eth0", netns };
const askedIpam: Asked = { ...asked, kind: "ipam" };

const inside = { name: "eth0", mac: "02:00:00:00:00:02", sandbox: netns };
const outside = { name: "veth1", mac: "02:00:00:00:00:01" };
const honest: AddResult = {
  cniVersion: "1.1.0",
  interfaces: [outside, inside],
  ips: [{ address: "10.1.0.7/24", gateway: "10.1.0.1", interface: 1 }],
  routes: [{ dst: "0.0.0.0/0", gw: "10.1.0.1" }],
};
const honestIpam: AddResult = {
  cniVersion: "1.1.0",
  ips: [{ address: "10.1.0.7/24", gateway: "10.1.0.1" }],
  routes: [{ dst: "10.0.0.0/8" }],
};
const honestError = { cniVersion: "1.1.0", code: 11, msg: "try again later" };

/** A call that ended with this on stdout. */
function ended(stdout: unknown, more: Partial<Invocation> = {}): Invocation {
  return {
    ...{ host: "local", plugin: "p", command: "ADD", path: "/p", prefix: [], env: {}, stdin: "{}" },
    ...{ stderr: "", code: 0, signal: null, timedOut: false, dropped: { stdout: 0, stderr: 0 } },
    ...{ startedAt: 0, durationMs: 1 },
    stdout: typeof stdout === "string" ? stdout : JSON.stringify(stdout),
    ...more,
  };
}

const hung = { timedOut: true, code: null, signal: "KILL", durationMs: 2000.4 };
const notDone = { requirement: "CNI-1", expected: "the call to be done, or an exit code" };
const noError = { requirement: "CNI-2a", expected: "a JSON error object with a message on stdout" };

describe("checkAdd", () => {
  test.each<[string, object, Asked]>([
    ["of an interface plugin", honest, asked],
    ["of an address manager", honestIpam, askedIpam],
    ["with nothing but the interface", { cniVersion: "1.1.0", interfaces: [inside] }, asked],
    ["in the version that was asked for", { ...honest, cniVersion: "0.4.0" }, { ...asked, version: "0.4.0" }],
  ])("has nothing against a result %s", (_what, result, of) => {
    expect(checkAdd(ended(result), of)).toEqual([]);
  });

  test.each<[string, object, Asked, object[]]>([
    [
      "another version",
      { ...honest, cniVersion: "1.0.0" },
      asked,
      [{ requirement: "CNI-4b", expected: "cniVersion 1.1.0", got: "1.0.0" }],
    ],
    [
      "an address without prefix length",
      { ...honest, ips: [{ address: "10.1.0.7" }] },
      asked,
      [{ requirement: "CNI-5d", expected: "an address in CIDR notation", got: '"10.1.0.7"' }],
    ],
    [
      "no sandbox",
      { ...honest, interfaces: [outside, { name: "eth0" }] },
      asked,
      [
        {
          requirement: "CNI-5a",
          expected: "one interface eth0 with a sandbox",
          got: "veth1 on the host, eth0 on the host",
        },
      ],
    ],
    [
      "another sandbox",
      { ...honest, interfaces: [outside, { ...inside, sandbox: "/run/netns/other" }] },
      asked,
      [{ requirement: "CNI-5b", expected: `the sandbox ${netns}`, got: "/run/netns/other" }],
    ],
    [
      "an address manager's interface",
      { ...honestIpam, interfaces: [outside] },
      askedIpam,
      [{ requirement: "CNI-16a", expected: "no interfaces", got: "veth1 on the host" }],
    ],
    [
      "everything at once",
      { cniVersion: "0.3.1", interfaces: [], ips: [{ address: "x" }] },
      asked,
      [{ requirement: "CNI-4b" }, { requirement: "CNI-5d" }, { requirement: "CNI-5a", got: "no interfaces" }],
    ],
  ])("names the rule that is broken by %s", (_what, result, of, flaws) => {
    const found = checkAdd(ended(result), of);
    expect(found).toMatchObject(flaws);
    expect(found).toHaveLength(flaws.length);
  });

  test.each([
    ["", "nothing"],
    ['{"cniVersion":"1.1.0","ips":{}}', "ips: Invalid input: expected array, received object"],
  ])("takes %j for no result", (stdout, got) => {
    expect(checkAdd(ended(stdout), asked)).toEqual([
      { requirement: "CNI-4a", expected: "a result in JSON on stdout", got },
    ]);
  });

  test("charges a refusal of what can be done with that alone, and a wordless one with both", () => {
    expect(checkAdd(ended(honestError, { code: 1 }), asked)).toEqual([
      { ...notDone, got: "exit 1, code 11: try again later" },
    ]);
    expect(checkAdd(ended(honest, { code: 1 }), asked)).toMatchObject([
      { ...notDone, got: "exit 1" },
      { ...noError, got: expect.stringMatching(/^JSON that is no CNI error object /) },
    ]);
    // A complete result does not make up for a plugin that had to be killed.
    expect(checkAdd(ended(honest, hung), asked)).toMatchObject([
      { ...notDone, got: "no answer within 2000 ms, killed" },
      noError,
    ]);
    expect(checkAdd(ended(honest, { ...hung, code: 0 }), asked)).toMatchObject([notDone, noError]);
  });
});

describe("checkRefusal", () => {
  test("is content with an error object and a non-zero exit", () => {
    expect(checkRefusal(ended(honestError, { code: 1 }))).toEqual([]);
    expect(checkRefusal(ended(honestError, { code: 255, stderr: "a log line" }))).toEqual([]);
  });

  test.each<[string, Invocation, object[]]>([
    ["success", ended(honestError), [{ requirement: "CNI-1", expected: "a non-zero exit", got: "exit 0" }]],
    [
      "a signal",
      ended(honestError, { code: null, signal: "SEGV" }),
      [{ ...notDone, got: "signal SEGV, code 11: try again later" }],
    ],
    [
      "a hang",
      ended(honestError, { ...hung, code: 1 }),
      [{ ...notDone, got: "no answer within 2000 ms, killed" }],
    ],
    [
      "an empty message",
      ended({ ...honestError, msg: " \n" }, { code: 1 }),
      [{ ...noError, got: "an empty msg" }],
    ],
    ["nothing at all", ended("", { code: 1 }), [{ ...noError, got: "no JSON on stdout (nothing)" }]],
    [
      "the error on stderr",
      ended("", { code: 1, stderr: JSON.stringify(honestError) }),
      [{ ...noError, got: "the error object on stderr instead of stdout" }],
    ],
  ])("finds %s wrong", (_what, invocation, flaws) => {
    expect(checkRefusal(invocation)).toEqual(flaws);
  });
});

describe("checkVersion", () => {
  const answer = { cniVersion: "1.0.0", supportedVersions: ["0.4.0", "1.0.0"] };

  test("is content with the version that was asked in, among the supported", () => {
    expect(checkVersion(ended(answer), "1.0.0")).toEqual([]);
  });

  test.each<[string, Invocation, object[]]>([
    [
      "a version that is not supported",
      ended({ ...answer, supportedVersions: ["0.3.1", "0.4.0"] }),
      [{ requirement: "CNI-12a", expected: "1.0.0 among the supported", got: "0.3.1, 0.4.0" }],
    ],
    [
      "another cniVersion",
      ended({ ...answer, cniVersion: "0.4.0" }),
      [{ requirement: "CNI-12b", expected: "cniVersion 1.0.0", got: "0.4.0" }],
    ],
    [
      "no list of versions",
      ended({ cniVersion: "1.0.0" }),
      [
        {
          requirement: "CNI-12a",
          expected: "cniVersion and supportedVersions",
          got: "supportedVersions: Invalid input: expected array, received undefined",
        },
      ],
    ],
    [
      "an empty list",
      ended({ ...answer, supportedVersions: [] }),
      [{ requirement: "CNI-12a", expected: "cniVersion and supportedVersions", got: expect.any(String) }],
    ],
    ["a failure", ended(answer, { code: 3 }), [{ ...notDone, got: "exit 3" }]],
    [
      "a hang",
      ended(answer, { ...hung, code: 0 }),
      [{ ...notDone, got: "no answer within 2000 ms, killed" }],
    ],
  ])("finds %s wrong", (_what, invocation, flaws) => {
    expect(checkVersion(invocation, "1.0.0")).toEqual(flaws);
  });
});

test.each([
  ['{"cniVersion":"1.0.0"}', "", "1.0.0"],
  ["", '{"cniVersion":"1.0.0"}', "1.0.0"],
  ['{"cniVersion":"1.1.0"}', '{"cniVersion":"1.0.0"}', "1.1.0"],
  ['{"cniVersion":1}', '{"cniVersion":"1.0.0"}', "1.0.0"],
  ["null", '{"cniVersion":"1.0.0"}', "1.0.0"],
  ['"1.1.0"', "log", undefined],
  ["{}", "", undefined],
])("of stdout %j and stderr %j the version said is %j", (stdout, stderr, version) => {
  expect(versionSaid({ stdout, stderr })).toBe(version);
});

describe("the interface of the container", () => {
  const listed = (...interfaces: AddResult["interfaces"] & object): AddResult => ({ ...honest, interfaces });

  test.each([
    ["once", listed(outside, inside), undefined],
    ["once, and its name on the host as well", listed({ name: "eth0" }, inside), undefined],
    ["twice", listed(inside, inside), `eth0 in ${netns}, eth0 in ${netns}`],
    ["with an empty sandbox", listed({ ...inside, sandbox: "" }), "eth0 on the host"],
    ["under another name", listed({ ...inside, name: "eth00" }), `eth00 in ${netns}`],
    ["not at all", { cniVersion: "1.1.0" }, "no interfaces"],
  ])("is listed %s", (_how, result, got) => {
    expect(listingFlaw(result, "eth0")).toEqual(
      got && { expected: "one interface eth0 with a sandbox", got },
    );
  });

  test.each([
    ["the one that was handed over", listed(outside, inside), undefined],
    ["another one", listed({ ...inside, sandbox: "/proc/7/ns/net" }), "/proc/7/ns/net"],
    ["of another interface", listed({ ...inside, name: "lo", sandbox: "/x" }, inside), undefined],
    ["after one on the host", listed({ name: "eth0" }, { ...inside, sandbox: "/x" }), "/x"],
    // That it is not listed is CNI-5a, and charged once.
    ["missing", listed(outside), undefined],
    ["of no interface", { cniVersion: "1.1.0" }, undefined],
  ])("has a sandbox which is %s", (_how, result, got) => {
    expect(sandboxFlaw(result, "eth0", netns)).toEqual(got && { expected: `the sandbox ${netns}`, got });
  });
});

describe("addresses and routes", () => {
  const ip = (more: object) => ({ ...honest, ips: [{ address: "10.1.0.7/24", interface: 1, ...more }] });
  const route = (one: object) => ({ ...honest, routes: [{ dst: "10.0.0.0/8", ...one }] });

  test.each<[string, object]>([
    [
      "both families",
      { ...honest, ips: [{ address: "10.1.0.7/24" }, { address: "fd00::7/64", gateway: "fd00::1" }] },
    ],
    ["an empty gateway, which is none", ip({ gateway: "" })],
    ["the first interface", ip({ interface: 0 })],
    ["the last interface", ip({ interface: 1 })],
    ["no interface", ip({ interface: undefined })],
    ["a route without gateway", route({})],
    ["a route with an empty gateway", route({ gw: "" })],
    ["a default route of IPv6", route({ dst: "::/0", gw: "fd00::1" })],
    ["neither", { cniVersion: "1.1.0" }],
    ["routes that are null", { ...honest, routes: null }],
  ])("are right with %s", (_what, result) => {
    expect(addressFlaw(result as AddResult, "interface")).toBeUndefined();
  });

  test.each<[string, object, string, string]>([
    ["an address without prefix", ip({ address: "10.1.0.7" }), "an address in CIDR notation", '"10.1.0.7"'],
    [
      "a gateway with prefix",
      ip({ gateway: "10.1.0.1/24" }),
      "an address as the gateway of 10.1.0.7/24",
      '"10.1.0.1/24"',
    ],
    ["an index one too high", ip({ interface: 2 }), "an index below 2 for 10.1.0.7/24", "2"],
    ["a negative index", ip({ interface: -1 }), "an index below 2 for 10.1.0.7/24", "-1"],
    [
      "an index into nothing",
      { ...ip({ interface: 0 }), interfaces: undefined },
      "an index below 0 for 10.1.0.7/24",
      "0",
    ],
    [
      "a second address that is none",
      { ...honest, ips: [{ address: "10.1.0.7/24" }, { address: "10.1.0.256/24" }] },
      "an address in CIDR notation",
      '"10.1.0.256/24"',
    ],
    ["a route to an address", route({ dst: "10.0.0.1" }), "a route to a CIDR", '"10.0.0.1"'],
    ["a route over a name", route({ gw: "gateway" }), "an address as the gateway to 10.0.0.0/8", '"gateway"'],
  ])("are wrong with %s", (_what, result, expected, got) => {
    expect(addressFlaw(result as AddResult, "interface")).toEqual({ expected, got });
  });

  test("of an address manager may have an index, which is judged elsewhere", () => {
    expect(
      addressFlaw({ ...honestIpam, ips: [{ address: "10.1.0.7/24", interface: 9 }] }, "ipam"),
    ).toBeUndefined();
    // And what follows is judged all the same.
    expect(
      addressFlaw(
        { ...honestIpam, ips: [{ address: "10.1.0.7/24", interface: 9 }, { address: "x" }] },
        "ipam",
      ),
    ).toEqual({ expected: "an address in CIDR notation", got: '"x"' });
  });

  test("that are megabytes long are told in a few words", () => {
    const long = `${"1".repeat(1000)}/24`;
    expect(addressFlaw(ip({ address: long }) as AddResult, "interface")?.got).toBe(
      `"${"1".repeat(199)}… [805 more characters]`,
    );
  });
});

test("an address manager answers addresses only", () => {
  expect(interfaceFlaw(honestIpam)).toBeUndefined();
  expect(interfaceFlaw({ cniVersion: "1.1.0" })).toBeUndefined();
  expect(interfaceFlaw({ ...honestIpam, interfaces: [] })).toBeUndefined();
  expect(interfaceFlaw({ ...honestIpam, interfaces: [inside] })).toEqual({
    expected: "no interfaces",
    got: `eth0 in ${netns}`,
  });
  const ips = [{ address: "10.1.0.7/24" }, { address: "10.1.0.8/24", interface: 0 }];
  expect(interfaceFlaw({ ...honestIpam, ips })).toEqual({
    expected: "no ips[].interface",
    got: '{"address":"10.1.0.8/24","interface":0}',
  });
});

test("interfaces are told with where each is", () => {
  expect(describeInterfaces({ cniVersion: "1.1.0" })).toBe("no interfaces");
  expect(describeInterfaces({ cniVersion: "1.1.0", interfaces: [] })).toBe("no interfaces");
  expect(describeInterfaces(honest)).toBe(`veth1 on the host, eth0 in ${netns}`);
});
