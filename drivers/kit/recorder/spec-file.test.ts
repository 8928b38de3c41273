import { describe, expect, it } from "vitest";
import { UsageError } from "#harness/core/errors.ts";
import { readSpec } from "./spec-file.ts";

const file = "/etc/docker/plugins/mine.spec";
const json = "/usr/lib/docker/plugins/mine.json";

describe("a plugin's specification file", () => {
  it.each([
    [file, "tcp://127.0.0.1:8080\n", { kind: "tcp", host: "127.0.0.1", port: 8080 }],
    [file, "tcp://[::1]:8080", { kind: "tcp", host: "::1", port: 8080 }],
    [file, "unix:///var/run/mine.sock\n", { kind: "unix", path: "/var/run/mine.sock" }],
    [json, '{"Name":"mine","Addr":"http://localhost:1"}', { kind: "tcp", host: "localhost", port: 1 }],
    [json, '{"Addr":"unix:///run/mine.sock"}', { kind: "unix", path: "/run/mine.sock" }],
  ])("%s says where the plugin is: %s", (path, text, address) => {
    expect(readSpec(path, text).address).toEqual(address);
  });

  it("stays what it was beside the address", () => {
    expect(readSpec(file, "tcp://a:1").withAddress("unix:///x")).toBe("unix:///x\n");
    const made = readSpec(json, '{"Name":"mine","Addr":"tcp://a:1"}').withAddress("unix:///x");
    expect(JSON.parse(made)).toEqual({ Name: "mine", Addr: "unix:///x" });
  });

  it.each([
    [file, "", /mine\.spec: expected an address unix:.*got nothing/],
    [file, "mine", /mine\.spec: expected an address .*got mine/],
    [file, "https://a:1", /mine\.spec: expected a plugin without TLS/],
    [json, "{", /mine\.json is no JSON/],
    [json, "{}", /mine\.json: expected a JSON object with Addr/],
    [
      json,
      '{"Addr":"tcp://a:1","TLSConfig":{"CAFile":"ca.pem"}}',
      /mine\.json: expected a plugin without TLS/,
    ],
  ])("%s with %s is refused by name", (path, text, message) => {
    const read = () => readSpec(path, text);
    expect(read).toThrow(UsageError);
    expect(read).toThrow(message);
  });
});
