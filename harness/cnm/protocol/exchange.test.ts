import { describe, expect, test } from "vitest";
import {
  curlLine,
  cut,
  describeExchange,
  type Exchange,
  fieldsOf,
  isQuestion,
  readExchange,
  subsystemOf,
} from "./exchange.ts";

function exchange(changes: Partial<Exchange> = {}): Exchange {
  return {
    ...{ id: 1, plugin: "mine", caller: "node1", call: "NetworkDriver.Leave", request: '{"NetworkID":"n"}' },
    ...{ status: 200, answer: "{}", startedAt: 100, endedAt: 112.4 },
    ...changes,
  };
}

describe("an exchange as the engine understands it", () => {
  test.each<[string, Partial<Exchange>, object]>([
    ["succeeds", {}, { succeeded: true, message: undefined, answer: {}, name: "NetworkDriver.Leave" }],
    ["succeeds with null", { answer: "null" }, { succeeded: true, answer: null }],
    ["succeeds with an empty body", { answer: "" }, { succeeded: true, answer: undefined }],
    ["succeeds with an empty Err", { answer: '{"Err":""}' }, { succeeded: true, message: undefined }],
    [
      "succeeds with an Err that is no text",
      { answer: '{"Err":7}' },
      { succeeded: true, message: undefined },
    ],
    ["fails under Err", { answer: '{"Err":"no endpoint"}' }, { succeeded: false, message: "no endpoint" }],
    // Under which key it should have been is a rule of its own.
    [
      "fails under Error",
      { answer: '{"Error":"no endpoint"}' },
      { succeeded: false, message: "no endpoint" },
    ],
    ["fails in its first value", { answer: '{"Err":"no"}{}' }, { succeeded: false, message: "no" }],
    ["succeeds in its first value", { answer: '{}{"Err":"no"}' }, { succeeded: true, message: undefined }],
    [
      "fails in plain text",
      { status: 500, answer: " no endpoint\n" },
      { succeeded: false, message: "no endpoint" },
    ],
    ["fails without a word", { status: 404, answer: "" }, { succeeded: false, message: "" }],
    ["fails with a right answer", { status: 201, answer: "{}" }, { succeeded: false, message: "{}" }],
    [
      "never came",
      { status: null, answer: null },
      { succeeded: false, message: undefined, answer: undefined },
    ],
    ["was cut after its status", { status: 200, answer: null }, { succeeded: false, message: undefined }],
    ["is of an unknown method", { call: "NetworkDriver.X" }, { name: undefined, succeeded: true }],
  ])("%s", (_what, changes, read) => {
    expect(readExchange(exchange(changes))).toMatchObject(read);
  });

  test("has the fields of its request, where that is an object", () => {
    const fields = (request: string) => readExchange(exchange({ request })).request;
    expect(fields('{"NetworkID":"n"} {"NetworkID":"m"}')).toEqual({ NetworkID: "n" });
    for (const none of ["", "{", "null", "[1]", '"NetworkID"', "7"]) expect(fields(none)).toBeUndefined();
  });
});

test.each([
  [{ a: 1 }, true],
  [{}, true],
  [null, false],
  [[], false],
  ["a", false],
  [7, false],
  [undefined, false],
])("%j has fields: %s", (value, has) => {
  expect(fieldsOf(value)).toBe(has ? value : undefined);
});

test.each([
  ["NetworkDriver.Leave", "NetworkDriver"],
  ["IpamDriver.Unknown", "IpamDriver"],
  ["Plugin.Activate", undefined],
  ["NetworkDriverLeave", undefined],
  ["XNetworkDriver.Leave", undefined],
])("%s is of the subsystem %s", (call, subsystem) => {
  expect(subsystemOf(call)).toBe(subsystem);
});

describe("an exchange for people", () => {
  const request = 'POST /NetworkDriver.Leave {"NetworkID":"n"}';
  test.each<[string, Partial<Exchange>]>([
    ["200 {} (12 ms)", { answer: " {}\n" }],
    ["500 (empty body) (12 ms)", { status: 500, answer: " \n" }],
    [
      "no answer: the connection was closed (12 ms)",
      { status: null, answer: null, failure: "the connection was closed" },
    ],
    ["no answer: unknown reason (12 ms)", { status: null, answer: null }],
    ["200 {} (12 ms) [injected: delay]", { injected: "delay" }],
  ])("ends with %j", (told, changes) => {
    expect(describeExchange(exchange(changes))).toBe(`${request}\n  → ${told}`);
  });

  test("is a line that repeats the call", () => {
    const call = exchange();
    expect(curlLine("/run/docker/plugins/mine.sock", call)).toBe(
      `curl -s --unix-socket /run/docker/plugins/mine.sock -d '{"NetworkID":"n"}' http://plugin/NetworkDriver.Leave`,
    );
    expect(curlLine("tcp://10.0.0.1:7000", call)).toBe(
      `curl -s -d '{"NetworkID":"n"}' http://10.0.0.1:7000/NetworkDriver.Leave`,
    );
  });

  test("shows 600 characters of a body, and how many there were", () => {
    expect(cut("a".repeat(600))).toBe("a".repeat(600));
    expect(cut("a".repeat(601))).toBe(`${"a".repeat(600)}… (601 characters)`);
    expect(cut("")).toBe("");
  });
});

test("only a call that asks is made again", () => {
  const calls = [
    "NetworkDriver.GetCapabilities",
    "NetworkDriver.Nothing",
    "IpamDriver.RequestPool",
    "NetworkDriver.Leave",
  ];
  expect(calls.map(isQuestion)).toEqual([true, true, false, false]);
});
