import { describe, expect, test } from "vitest";
import { callOf, type RecordedCall } from "#harness/cni/runtimes/recording/call.ts";
import { portMapping } from "#harness/cni/runtimes/runtime-under-test.ts";
import type { Asked, Played } from "#harness/cni/runtimes/scenes/played.ts";
import { runtimeRuleIds } from "#suites/requirements/rules/cni-runtime.ts";
import { judgeAll } from "./judges.ts";

const plugins = [
  { type: "one", capabilities: { portMappings: true }, "cni.dev/reserved": 1 },
  { type: "two", mtu: 1450 },
  { type: "three" },
];
const bin = "/opt/bin";

/** The call of a plugin as a runtime makes it that keeps the rules; `at`: milliseconds at which it begins, for five. */
function call(command: string, type: string, at: number, previous?: string, container = "a"): RecordedCall {
  const {
    capabilities,
    "cni.dev/reserved": _reserved,
    ...own
  } = plugins.find((one) => one.type === type) ?? { type };
  const config = {
    ...own,
    ...{ name: "nc-net", cniVersion: "1.1.0" },
    ...(capabilities && { runtimeConfig: { portMappings: [portMapping] } }),
    ...(previous && { prevResult: { dns: { domain: previous } } }),
  };
  const environ = {
    ...{ CNI_COMMAND: command, CNI_CONTAINERID: container, CNI_NETNS: "/run/netns/a", CNI_IFNAME: "eth0" },
    ...{ CNI_PATH: bin, CNI_ARGS: "A=1;B=2" },
  };
  const made = callOf(`${at * 1e6}-${type}`, {
    environ: Object.entries(environ)
      .map(([key, value]) => `${key}=${value}\0`)
      .join(""),
    stdin: JSON.stringify(config),
    ...{ plugin: type, path: `${bin}/${type}`, namespaces: "1\n2\n", code: "0" },
    ended: String((at + 5) * 1e6),
  });
  if (made) return made;
  throw new Error("expected a call");
}

/** ADD, CHECK, DEL and a further DEL of a container, as they are right. */
function ordinary(change: (call: RecordedCall) => RecordedCall = (one) => one): Played {
  const asked: Asked[] = [
    { operation: "ADD", container: "a", startedAt: 0, endedAt: 99 },
    { operation: "CHECK", container: "a", startedAt: 100, endedAt: 199 },
    { operation: "DEL", container: "a", startedAt: 200, endedAt: 299 },
    { operation: "DEL", container: "a", startedAt: 300, endedAt: 399 },
  ];
  const first = call("ADD", "one", 10);
  const second = call("ADD", "two", 20, first.id);
  const third = call("ADD", "three", 30, second.id);
  const calls = [
    ...[first, second, third],
    ...["one", "two", "three"].map((type, index) => call("CHECK", type, 110 + index * 10, third.id)),
    ...["three", "two", "one"].map((type, index) => call("DEL", type, 210 + index * 10, third.id)),
    ...["three", "two", "one"].map((type, index) => call("DEL", type, 310 + index * 10)),
  ];
  const lists = [{ name: "nc-net", cniVersion: "1.1.0", plugins }];
  return { scene: "ordinary", lists, version: "1.1.0", network: "1", asked, calls: calls.map(change) };
}

function red(...played: Played[]): string[] {
  const judged = judgeAll(played);
  return runtimeRuleIds.filter((id) => judged[id].outcome === "broken");
}

test("a runtime of which nothing was seen has kept nothing", () => {
  const judged = judgeAll([]);
  expect(new Set(Object.values(judged).map(({ outcome }) => outcome))).toEqual(new Set(["not seen"]));
});

describe("an ordinary container", () => {
  test("keeps every rule that it shows", () => {
    expect(red(ordinary())).toEqual([]);
  });

  const at = (command: string, type: string) => (one: RecordedCall) =>
    one.command === command && one.plugin === type;
  const env = (changes: Record<string, string>) => (one: RecordedCall) => ({
    ...one,
    env: { ...one.env, ...changes },
  });
  const request = (changes: Record<string, unknown>) => (one: RecordedCall) => ({
    ...one,
    request: { ...one.request, ...changes },
  });
  const other = { dns: { domain: "nobody" } };

  test.each([
    ["R1a", at("ADD", "one"), (one: RecordedCall) => ({ ...one, target: undefined })],
    ["R1b", at("DEL", "one"), (one: RecordedCall) => ({ ...one, network: "2" })],
    ["R3a", at("ADD", "one"), request({ prevResult: other })],
    ["R3b", at("ADD", "two"), request({ prevResult: other })],
    ["R3d", at("CHECK", "two"), request({ prevResult: undefined })],
    ["R6a", at("ADD", "one"), env({ CNI_NETNS: "" })],
    ["R6c", at("CHECK", "one"), env({ CNI_PATH: "/usr/bin" })],
    ["R6e", at("ADD", "one"), env({ CNI_ARGS: "" })],
    ["R6f", at("DEL", "one"), env({ CNI_ARGS: "A=1" })],
    ["R6g", at("CHECK", "one"), env({ CNI_IFNAME: "eth1" })],
    ["R7b", at("ADD", "two"), request({ cniVersion: "1.0.0" })],
    ["R7c", at("ADD", "one"), request({ name: undefined })],
    ["R7d", at("ADD", "two"), request({ mtu: 1500 })],
    ["R7d", at("ADD", "two"), request({ more: 1 })],
    ["R7e", at("ADD", "one"), request({ capabilities: {} })],
    ["R7f", at("ADD", "one"), request({ runtimeConfig: {} })],
    ["R7g", at("ADD", "three"), request({ runtimeConfig: { portMappings: [] } })],
    ["R7h", at("ADD", "one"), request({ "cni.dev/reserved": 1 })],
  ])("%s is broken alone by a call that breaks it", (rule, matches, change) => {
    // Arguments are nothing that a runtime must give: without them nothing is wrong.
    const expected = rule === "R6e" ? [] : [rule];
    expect(red(ordinary((one) => (matches(one) ? change(one) : one)))).toEqual(expected);
  });

  test("a reason names results by who answered them, and no ids", () => {
    const wrong = ordinary((one) =>
      at("ADD", "three")(one) ? request({ prevResult: undefined })(one) : one,
    );
    expect(judgeAll([wrong]).R3b.reasons).toEqual(["expected the result of two, got (none) (ordinary)"]);
  });
});

describe("two operations on one container", () => {
  const asked: Asked[] = [
    { operation: "DEL", container: "a", startedAt: 0, endedAt: 50 },
    { operation: "ADD", container: "b", startedAt: 5, endedAt: 30 },
  ];
  const held = { ...call("DEL", "three", 2), endedAt: 40 };
  const played = (calls: RecordedCall[], others = asked): Played => ({
    ...ordinary(),
    scene: "at once",
    asked: others,
    calls,
  });

  test("may follow each other, with another container's meanwhile", () => {
    expect(red(played([held, call("ADD", "one", 10, undefined, "b"), call("DEL", "two", 45)]))).toEqual([]);
  });

  test("break R5a when they overlap, and R5b when the other container waits", () => {
    expect(red(played([held, call("DEL", "three", 10)]))).toEqual(["R5a"]);
    const late = asked.map((one) => (one.operation === "ADD" ? { ...one, endedAt: 60 } : one));
    expect(red(played([held], late))).toEqual(["R5b"]);
  });
});
