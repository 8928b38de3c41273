import { expect, test } from "vitest";
import { CniFailure } from "./failure.ts";
import {
  readCommand,
  readConfiguration,
  readContainer,
  readJson,
  readVersion,
  withArguments,
} from "./request.ts";

const call = (env: Record<string, string>, stdin = "{}") => ({ env, stdin });

function codeOf(work: () => unknown): number | undefined {
  try {
    work();
  } catch (error) {
    return error instanceof CniFailure ? error.code : undefined;
  }
  return 0;
}

test.each([
  ["no command", () => readCommand(call({})), 4],
  ["a command that is none", () => readCommand(call({ CNI_COMMAND: "toString" })), 4],
  ["text", () => readJson(call({}, "nothing")), 6],
  ["an array", () => readJson(call({}, "[]")), 6],
  ["no version", () => readVersion({}, "ADD"), 1],
  ["a version to come", () => readVersion({ cniVersion: "9.9.9" }, "ADD"), 1],
  ["CHECK before it was there", () => readVersion({ cniVersion: "0.3.1" }, "CHECK"), 1],
  ["GC before it was there", () => readVersion({ cniVersion: "1.0.0" }, "GC"), 1],
  ["CHECK from then on", () => readVersion({ cniVersion: "0.4.0" }, "CHECK"), 0],
  ["DEL without a namespace", () => readContainer(call({ CNI_CONTAINERID: "c", CNI_IFNAME: "e" }), "DEL"), 0],
  ["a container id", () => readContainer(call({ CNI_CONTAINERID: "-", CNI_IFNAME: "e" }), "DEL"), 4],
  ["an interface name", () => readContainer(call({ CNI_CONTAINERID: "c", CNI_IFNAME: "a b" }), "DEL"), 4],
  ["a tenant", () => readConfiguration({ name: "n", tenant: "outside of" }), 7],
] as const)("%s is answered with its code", (_, work, code) => {
  expect(codeOf(work)).toBe(code);
});

test("every variable that is missing is named", () => {
  expect(() => readContainer(call({}), "ADD")).toThrow("CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME");
});

test.each([
  ["a list, as CNI's conventions have it", ["web"]],
  ["a list for each network, as Podman gives it", { n: ["web"] }],
])("names of a container are read from %s", (_, aliases) => {
  const { runtimeConfig } = readConfiguration({ name: "n", runtimeConfig: { aliases } });
  expect(runtimeConfig?.aliases).toEqual(["web"]);
});

test("an address and a MAC are taken from CNI_ARGS, unless a capability has said them", () => {
  const asked = call({ CNI_ARGS: "IgnoreUnknown=1;MAC=02:00:00:00:00:01;IP=10.1.2.50;IP=2001:db8::50" });
  const mac = "02:00:00:00:00:01";
  expect(withArguments(readConfiguration({ name: "n" }), asked).runtimeConfig).toEqual({
    ips: ["10.1.2.50", "2001:db8::50"],
    mac,
  });
  const said = readConfiguration({ name: "n", runtimeConfig: { ips: ["10.1.2.9"] } });
  expect(withArguments(said, asked).runtimeConfig).toEqual({ ips: ["10.1.2.9"], mac });
});
