import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { UsageError } from "#harness/core/errors.ts";
import { describeSettings, explainSettings, isGiven, readSettings } from "./settings.ts";

/** The cells of every table row in docs/settings.md. */
const rows = readFileSync(new URL("../../../docs/settings.md", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("|"))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

describe("readSettings", () => {
  it("has defaults that work", () => {
    expect(readSettings({})).toMatchObject({
      DRIVER: ["bridge", "overlay", "reference"],
      ENGINE: ["26.1"],
      NODES: 2,
      KEEP: false,
    });
  });

  it("takes what a command usually has where the environment says nothing, and tells the two apart", () => {
    const usual = { ENGINE: "20.10,28.5" };
    for (const env of [{}, { ENGINE: "" }]) {
      expect(readSettings(env, usual).ENGINE).toEqual(["20.10", "28.5"]);
      expect(isGiven("ENGINE", env)).toBe(false);
    }
    expect(readSettings({ ENGINE: "26.1" }, usual).ENGINE).toEqual(["26.1"]);
    expect(isGiven("ENGINE", { ENGINE: "26.1" })).toBe(true);
  });

  it("reads lists, numbers and flags", () => {
    const settings = readSettings({
      DRIVER: "overlay, ./mine.ts",
      ENGINE: "20.10,28.5[icc=false,live-restore],28.5+./docker.tgz,28.5",
      NODES: "3",
      KEEP: "1",
    });
    expect(settings).toMatchObject({
      DRIVER: ["overlay", "./mine.ts"],
      ENGINE: ["20.10", "28.5[icc=false,live-restore]", `28.5+${resolve("docker.tgz")}`, "28.5"],
      NODES: 3,
      KEEP: true,
    });
  });

  it.each([
    [{ ENGINE: "19.03" }, /ENGINE=19\.03.*20\.10, 26\.1, 28\.5/],
    [{ ENGINE: "28.5[icc" }, /ENGINE=28\.5\[icc: expected one of 20\.10/],
    [{ ENGINE: ",", NODES: "2" }, /ENGINE=,: expected at least one/],
    [
      { ENGINE: "20.10+26.1+28.5" },
      /ENGINE=20\.10\+26\.1\+28\.5: expected at most 2 engines, one for each of NODES=2/,
    ],
    [{ ENGINE_SOURCE: "https://example.org/docker.tgz" }, /ENGINE_SOURCE=.*expected a URL with \{version\}/],
    [{ SNAPSHOT: "https://example.org/debian" }, /SNAPSHOT=.*expected a URL with \{date\}/],
    [{ CLUSTER: "moon" }, /CLUSTER=moon.*containers/],
    [{ CLUSTER: "ssh" }, /CLUSTER=ssh: expected INVENTORY=FILE/],
    [{ INVENTORY: "hosts.yaml" }, /INVENTORY=hosts\.yaml: expected CLUSTER=ssh/],
    [{ CLUSTER: "ssh", INVENTORY: "hosts.yaml", ENGINE: "20.10,26.1" }, /ENGINE=20\.10,26\.1: expected one/],
    [
      { CLUSTER: "ssh", INVENTORY: "hosts.yaml", DRIVER: "bridge,overlay" },
      /DRIVER=bridge,overlay: expected one/,
    ],
    [{ NODES: "0" }, /NODES=0/],
    [{ NODES: "many" }, /NODES=many/],
    [{ SUBNETS: "10.0.0.0/8" }, /SUBNETS=10\.0\.0\.0\/8.*\/16/],
    [{ MIRROR: "somewhere" }, /MIRROR=somewhere/],
  ])("refuses %o and names value and expectation", (env, message) => {
    expect(() => readSettings(env)).toThrow(UsageError);
    expect(() => readSettings(env)).toThrow(message);
  });

  it("assumes neither version nor number of hosts that exist", () => {
    const hosts = { CLUSTER: "ssh", INVENTORY: "hosts.yaml" };
    expect(readSettings(hosts)).toMatchObject({ DRIVER: ["overlay"], ENGINE: [], NODES: 0 });
    expect(readSettings({ ...hosts, ENGINE: "20.10", NODES: "3" })).toMatchObject({
      ENGINE: ["20.10"],
      NODES: 3,
    });
  });

  it("names every bad value at once", () => {
    expect(() => readSettings({ NODES: "0", CLUSTER: "moon" })).toThrow(
      /NODES=0[\s\S]*CLUSTER=moon|CLUSTER=moon[\s\S]*NODES=0/,
    );
  });
});

describe("describeSettings", () => {
  it.each(describeSettings())(
    "docs/settings.md tells about $name as --help does",
    ({ name, meaning, default: value }) => {
      expect(rows).toContainEqual([`\`${name}\``, value && `\`${value}\``, meaning]);
    },
  );
});

describe("explainSettings", () => {
  it("leaves out what is off or empty", () => {
    expect(explainSettings(readSettings({ KEEP: "0" }))).not.toContain("KEEP");
    expect(explainSettings(readSettings({ KEEP: "1" }))).toContain("KEEP=1");
  });
});
