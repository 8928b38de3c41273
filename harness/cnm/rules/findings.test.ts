import { describe, expect, test } from "vitest";
import type { Exchange } from "#harness/cnm/protocol/exchange.ts";
import { callNames } from "#harness/cnm/protocol/protocol.ts";
import { Nonconformance } from "#harness/core/errors.ts";
import { checkExchange, toNonconformance } from "./rules.ts";

const ids = { NetworkID: "n".repeat(64), EndpointID: "e".repeat(64) };

/** A Leave that succeeded, with what differs. */
function exchange(changes: Partial<Exchange> = {}): Exchange {
  return {
    ...{ id: 1, plugin: "mine", caller: "node1", call: "NetworkDriver.Leave", request: JSON.stringify(ids) },
    ...{ status: 200, answer: "{}", startedAt: 0, endedAt: 5 },
    ...changes,
  };
}
const judge = (changes: Partial<Exchange>) =>
  checkExchange(exchange(changes)).map(({ requirement, expected, got }) => ({ requirement, expected, got }));

test("a finding has the plugin and the exchange, and is told with both", () => {
  const bad = exchange({ call: "NetworkDriver.X" });
  const [finding] = checkExchange(bad);
  expect(finding).toEqual({
    ...{ requirement: "CNM-4", who: "mine", exchange: bad },
    ...{ expected: "404 for the unknown method NetworkDriver.X", got: "status 200" },
  });
  const failure = toNonconformance(finding!);
  expect(failure).toBeInstanceOf(Nonconformance);
  expect(failure.message.split("\n")).toEqual([
    "mine: expected 404 for the unknown method NetworkDriver.X, got status 200",
    `POST /NetworkDriver.X ${JSON.stringify(ids)}`,
    "  → 200 {} (5 ms)",
  ]);
});

test("what is no HTTP is a finding, and what never came is judged by who waited for it", () => {
  const none = { status: null, answer: null };
  expect(checkExchange(exchange(none))).toEqual([]);
  expect(checkExchange(exchange({ ...none, failure: "the connection was closed" }))).toEqual([]);
  const expected = "an HTTP answer with exactly one JSON object";
  const malformed = exchange({ ...none, malformed: true, failure: "two lengths" });
  expect(checkExchange(malformed)).toEqual([
    { requirement: "CNM-5c", who: "mine", expected, got: "two lengths", exchange: malformed },
  ]);
  expect(judge({ ...none, malformed: true })).toEqual([
    { requirement: "CNM-5c", expected, got: "something else" },
  ]);
});

describe("CNM-3: a body that cannot be decoded", () => {
  const taken = (got: string) => ({
    requirement: "CNM-3",
    expected: "status 4xx or 5xx for a body that is no JSON",
    got,
  });
  test.each<[string, Partial<Exchange>, object[]]>([
    ["is taken", { request: "{" }, [taken("status 200 and {}")]],
    [
      "has a second value, and is taken",
      { request: '{} {"a":1}', answer: "{} " },
      [taken("status 200 and {}")],
    ],
    [
      "is refused with status 200",
      { request: "x", answer: '{"Err":"no network"}' },
      [taken('status 200 and {"Err":"no network"}')],
    ],
    ["is refused", { request: "{", status: 400, answer: "bad request" }, []],
    ["fails", { request: "{", status: 500, answer: "bad request" }, []],
    ["is of an unknown method", { request: "{", call: "NetworkDriver.X", status: 404, answer: "" }, []],
    [
      "has the wrong types",
      { request: '{"NetworkID":"n","EndpointID":4}' },
      [
        {
          requirement: "CNM-3",
          expected:
            "a refusal of a body whose EndpointID is wrong (Invalid input: expected string, received number)",
          got: "status 200 and {}",
        },
      ],
    ],
    [
      "has the wrong types and is refused",
      { request: '{"NetworkID":4}', answer: '{"Err":"no network"}' },
      [],
    ],
    [
      "is empty where nothing is needed",
      { call: "Plugin.Activate", request: "", answer: '{"Implements":["IpamDriver"]}' },
      [],
    ],
    // An engine sends a body with every call, so that none says nothing of decoding.
    ["is empty", { request: "" }, []],
  ])("%s", (_what, changes, findings) => {
    expect(judge(changes)).toEqual(findings);
  });
});

describe("CNM-4: a method that answers 404", () => {
  const optional = [
    ...["NetworkDriver.ProgramExternalConnectivity", "NetworkDriver.RevokeExternalConnectivity"],
    ...["NetworkDriver.GwAllocCheck", "NetworkDriver.AllocateNetwork", "NetworkDriver.FreeNetwork"],
    ...["NetworkDriver.DiscoverNew", "NetworkDriver.DiscoverDelete", "IpamDriver.GetCapabilities"],
  ];
  test.each(callNames)("%s", (call) => {
    const missing = { requirement: "CNM-4", expected: `the method ${call} to exist`, got: "status 404" };
    expect(judge({ call, request: "", status: 404, answer: "page not found" })).toEqual(
      optional.includes(call) ? [] : [missing],
    );
  });

  test("is right where it is unknown, whatever else is wrong", () => {
    expect(judge({ call: "NetworkDriver.X", status: 404, answer: "page not found" })).toEqual([]);
    expect(judge({ call: "NetworkDriver.X", status: 500, answer: "no" })).toEqual([
      { requirement: "CNM-4", expected: "404 for the unknown method NetworkDriver.X", got: "status 500" },
    ]);
  });
});

describe("CNM-5c: the answer is one object", () => {
  const found = (got: string) => ({
    requirement: "CNM-5c",
    expected: "exactly one JSON object as the answer",
    got,
  });
  test.each<[string, object[]]>([
    ["{}", []],
    [" null\n", []],
    ["{}{}", [found("2 JSON values: {}{}")]],
    ["{} {} x", [found("2 JSON values: {} {} x")]],
    ["", [found("an empty body: ")]],
    [" \n", [found("an empty body: ")]],
    ["{} ok", [found("something else: {} ok")]],
    ["ok", [found("something else: ok")]],
  ])("%j", (answer, findings) => {
    expect(judge({ answer })).toEqual(findings);
  });

  test.each(["[]", "1", '"ok"', "true"])("%s is none, and has not the form of the call either", (answer) => {
    expect(judge({ answer })).toMatchObject([found(`something else: ${answer}`), { requirement: "CNM-5c" }]);
  });

  test("holds of status 200 and of the calls of the protocol", () => {
    expect(judge({ status: 404, call: "NetworkDriver.GwAllocCheck", answer: "page not found" })).toEqual([]);
    expect(judge({ call: "NetworkDriver.X", status: 404, answer: "[]" })).toEqual([]);
  });
});

describe("CNM-5 and CNM-17: the key of a failure", () => {
  const pool = { call: "IpamDriver.ReleasePool", request: '{"PoolID":"1"}' };
  test.each<[string, Partial<Exchange>, object[]]>([
    [
      "of a network driver",
      { answer: '{"Error":"no endpoint"}' },
      [
        {
          requirement: "CNM-5",
          expected: "a failure of NetworkDriver.Leave under the key Err",
          got: 'the key Error, which the engine does not read: {"Error":"no endpoint"}',
        },
      ],
    ],
    [
      "of an IPAM driver",
      { ...pool, answer: '{"Err":"no pool"}' },
      [
        {
          requirement: "CNM-17",
          expected: "a failure of IpamDriver.ReleasePool under the key Error",
          got: 'the key Err, which the engine does not read: {"Err":"no pool"}',
        },
      ],
    ],
    ["both", { answer: '{"Err":"no endpoint","Error":"no endpoint"}' }, []],
    ["the right one", { ...pool, answer: '{"Error":"no pool"}' }, []],
    ["empty", { answer: '{"Error":""}' }, []],
    ["with another status", { status: 500, answer: '{"Err":"no endpoint"}' }, []],
    // The answer to the handshake is of no subsystem.
    ["of the handshake", { call: "Plugin.Activate", answer: '{"Implements":["IpamDriver"],"Error":""}' }, []],
  ])("%s", (_what, changes, findings) => {
    expect(judge(changes)).toEqual(findings);
  });
});

describe("CNM-5: the message of a failure", () => {
  const failing = (Err: string, more: Partial<Exchange> = {}) =>
    judge({ answer: JSON.stringify({ Err }), ...more });
  const wordless = (said: string) => [
    {
      requirement: "CNM-5",
      expected: "a message that names what is wrong with NetworkDriver.Leave",
      got: JSON.stringify(said),
    },
  ];

  test.each([
    "no endpoint",
    "pool exhausted",
    "the subnet is taken",
    "unknown id",
    "a tag is taken",
    "VLAN 7 is taken",
    "eeeeeee",
    "x nnnnnnn",
  ])("%j names what is wrong", (message) => {
    expect(failing(message)).toEqual([]);
  });

  test.each([
    "error",
    "endpoint",
    "it did not work",
    "an invalid value",
    "the last stage failed",
    "something is amiss",
    "eeeeee",
    " endpoint ",
  ])("%j does not", (message) => {
    expect(failing(message)).toEqual(wordless(message));
  });

  test("may repeat a value of the request of seven characters or more, and no shorter one", () => {
    const named = (NetworkID: string) =>
      failing(`unknown: ${NetworkID}`, { request: JSON.stringify({ ...ids, NetworkID }) });
    expect(named("abcdefg")).toEqual([]);
    expect(named("abcdef")).toEqual(wordless("unknown: abcdef"));
    expect(failing("unknown: abcdefg", { request: JSON.stringify({ ...ids, More: ["abcdefg"] }) })).toEqual(
      wordless("unknown: abcdefg"),
    );
  });

  test("is in JSON where the status is 5xx", () => {
    const plain = { status: 500, answer: "no endpoint here" };
    expect(judge(plain)).toEqual([
      {
        requirement: "CNM-5",
        expected: "a failure of NetworkDriver.Leave as a JSON object with Err",
        got: 'status 500 and "no endpoint here"',
      },
    ]);
    expect(judge({ status: 500, answer: '{"Error":"no endpoint"}' })).toMatchObject([
      { requirement: "CNM-5" },
    ]);
    expect(judge({ status: 500, answer: '{"Err":"no endpoint"}' })).toEqual([]);
    expect(judge({ status: 500, answer: '{"Err":"error"}' })).toEqual(wordless("error"));
  });

  test("is asked of network drivers, of requests that are right, and of no status 4xx", () => {
    expect(judge({ status: 400, answer: "error" })).toEqual([]);
    expect(failing("error", { request: '{"NetworkID":4}' })).toEqual([]);
    expect(failing("error", { request: "" })).toEqual([]);
    expect(
      judge({ call: "IpamDriver.ReleasePool", request: '{"PoolID":"1"}', answer: '{"Error":"error"}' }),
    ).toEqual([]);
    expect(judge({ call: "Plugin.Activate", request: "{}", status: 500, answer: "error" })).toEqual([]);
  });
});
