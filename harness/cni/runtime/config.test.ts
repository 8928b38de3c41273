import { describe, expect, test } from "vitest";
import { ConfigurationError } from "#harness/cni/protocol/errors.ts";
import { deriveEnvironment, deriveRequest } from "#harness/cni/protocol/request.ts";
import { negotiateVersion } from "#harness/cni/protocol/version.ts";
import { parseNetworkConfig } from "./config.ts";

const list = (changes: Record<string, unknown> = {}) =>
  JSON.stringify({ cniVersion: "1.0.0", name: "net", plugins: [{ type: "bridge" }], ...changes });

describe("a network configuration", () => {
  test("may be a single plugin, which is a list of one", () => {
    const single = parseNetworkConfig('{"cniVersion":"0.4.0","name":"net","type":"ptp","mtu":1400}');
    expect(single).toMatchObject({ name: "net", versions: ["0.4.0"], plugins: [{ type: "ptp", mtu: 1400 }] });
  });

  test.each([
    ["a network name (line 20)", list({ name: "has/slash" }), /name: a letter or digit/],
    ["a plugin type", list({ plugins: [{ type: "../bridge" }] }), /plugins\.0\.type/],
    ["at least one plugin", list({ plugins: [] }), /at least one plugin/],
    ["JSON", "{ no", /no JSON/],
  ])("needs %s, and the error names the key", (_what, text, message) => {
    expect(() => parseNetworkConfig(text, "a.conflist")).toThrow(ConfigurationError);
    expect(() => parseNetworkConfig(text, "a.conflist")).toThrow(message);
    expect(() => parseNetworkConfig(text, "a.conflist")).toThrow(/a\.conflist/);
  });
});

describe("version negotiation (line 26)", () => {
  test("takes the highest of cniVersion and cniVersions that both know", () => {
    const { versions } = parseNetworkConfig(list({ cniVersions: ["0.4.0", "1.1.0", "9.0.0"] }));
    expect(negotiateVersion(versions)).toBe("1.1.0");
    expect(negotiateVersion(versions, ["0.3.1", "0.4.0"])).toBe("0.4.0");
  });

  test("says what either side offers when there is nothing in common", () => {
    expect(() => negotiateVersion(["9.0.0"], ["1.0.0"])).toThrow(
      /offers CNI 9\.0\.0, the runtime speaks 1\.0\.0/,
    );
  });
});

describe("a request (line 22)", () => {
  const plugin = {
    type: "portmap",
    capabilities: { portMappings: true, mac: false },
    "com.example": { deep: [1, null] },
    "cni.dev/reserved": 1,
    runtimeConfig: { portMappings: "written by hand" },
  };
  const base = { network: { name: "net" }, plugin, version: "1.1.0" } as const;

  test("has version and name, passes unknown keys and drops capabilities and reserved keys", () => {
    expect(deriveRequest(base)).toEqual({
      cniVersion: "1.1.0",
      name: "net",
      type: "portmap",
      "com.example": { deep: [1, null] },
    });
  });

  test("has runtimeConfig for declared capabilities only", () => {
    const capabilityArgs = { portMappings: [{ hostPort: 1 }], mac: "02:00:00:00:00:01", bandwidth: {} };
    expect(deriveRequest({ ...base, capabilityArgs }).runtimeConfig).toEqual({
      portMappings: [{ hostPort: 1 }],
    });
  });

  test("names the valid attachments of a GC in both spellings", () => {
    const request = deriveRequest({ ...base, validAttachments: [{ containerId: "c1", ifName: "eth0" }] });
    const expected = [{ containerID: "c1", ifname: "eth0" }];
    expect(request["cni.dev/valid-attachments"]).toEqual(expected);
    expect(request["cni.dev/attachments"]).toEqual(expected);
  });

  test("comes with CNI variables, CNI_ARGS only where there are some", () => {
    const attachment = { containerId: "c1", netns: "/run/netns/x", ifName: "eth0" };
    expect(deriveEnvironment("ADD", ["/a", "/b"], { ...attachment, args: { K: "v", L: "w" } })).toEqual({
      CNI_COMMAND: "ADD",
      CNI_CONTAINERID: "c1",
      CNI_NETNS: "/run/netns/x",
      CNI_IFNAME: "eth0",
      CNI_PATH: "/a:/b",
      CNI_ARGS: "K=v;L=w",
    });
    expect(deriveEnvironment("GC", ["/a"])).toEqual({ CNI_COMMAND: "GC", CNI_PATH: "/a" });
  });
});
