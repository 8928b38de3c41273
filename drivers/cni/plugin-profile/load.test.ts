import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { UsageError } from "#harness/core/errors.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { loadPluginProfile } from "./load.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-profile-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
/** Loads a profile whose file exports what `defineCniPlugin` makes of this text. */
function load(text: string) {
  files += 1;
  const file = join(folder, `profile-${files}.ts`);
  writeFileSync(
    file,
    `import { defineCniPlugin } from "netconform";\nexport default defineCniPlugin(${text});\n`,
  );
  return loadPluginProfile({ PROFILE: file });
}

const values = { dataDir: "/scratch", index: 3, ifName: "nc0" };

describe("a profile", () => {
  test("makes the configuration of each container, from an object or a function", async () => {
    const ipam = '{ type: "host-local", ranges: [] }';
    const filled = await load(`{ kind: "interface", config: { master: "m{{index}}", ipam: ${ipam} } }`);
    expect(filled?.config(values)).toEqual({
      master: "m3",
      ipam: { type: "host-local", ranges: [], dataDir: "/scratch" },
    });
    expect(filled).toMatchObject({ delegates: true, allocates: true });
    const made = await load('{ kind: "chained", config: ({ index }) => ({ vlan: 100 + index }) }');
    expect(made?.config(values)).toEqual({ vlan: 103 });
    expect(made).toMatchObject({ delegates: false, allocates: false });
  });

  test("adds capability arguments to the usual ones, and gives CNI_ARGS", async () => {
    const profile = await load(`{
      kind: "chained",
      config: { capabilities: { mac: true, deviceID: true } },
      capabilities: ({ index }) => ({ deviceID: "0000:00:0" + index }),
      args: { IgnoreUnknown: "1" },
    }`);
    expect(profile?.capabilities?.(values)).toMatchObject({
      deviceID: "0000:00:03",
      mac: expect.any(String),
    });
    expect(profile?.args?.(values)).toEqual({ IgnoreUnknown: "1" });
  });

  test("is none where the setting names none", async () => {
    expect(await loadPluginProfile({ PROFILE: undefined })).toBeUndefined();
  });
});

const mistakes: [string, string][] = [
  ['{ kind: "bridge", config: {} }', 'kind: expected one of interface, chained, ipam, got "bridge" (line 2)'],
  ['{ kind: "ipam" }', "config: expected an object, or a function that makes one, got undefined"],
  ['{ kind: "ipam", config: {}, breakage: [] }', "default export: expected none called breakage"],
  [
    '{ kind: "ipam", config: {}, needs: ["ovs"] }',
    'needs.0: expected link KIND, program NAME or device PATH, got "ovs"',
  ],
  ['{ kind: "ipam", config: () => 7 }', "config: expected an object, got 7"],
  ['{ kind: "ipam", config: () => { throw new Error("no idea"); } }', "could not make config: no idea"],
  [
    '{ kind: "chained", config: {}, capabilities: { mac: "02:00:00:00:00:01" } }',
    "capabilities.mac: expected config.capabilities.mac to be true, got undefined",
  ],
  ['{ kind: "interface", config: {}, namespace: "machine" }', "expected state with it, got none"],
  [
    '{ kind: "interface", config: {}, namespace: "machine", state: "true", prepareHost: "true" }',
    "expected no prepareHost with it",
  ],
  ['{ kind: "chained", config: {}, namespace: "machine", state: "true" }', "got chained"],
];

describe("a mistake in a profile is told with its file, its key and what was expected", () => {
  test.each(mistakes)("%s", async (text, message) => {
    const error = await load(text).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain(message);
    expect(String(error)).toMatch(/^UsageError: PROFILE=\S+profile-\d+\.ts: /);
  });

  test("no file, and a file without a default export", async () => {
    await expect(loadPluginProfile({ PROFILE: "/no/such.ts" })).rejects.toThrow("there is no such file");
    const file = join(folder, "nothing.ts");
    writeFileSync(file, "export const nothing = 1;\n");
    await expect(loadPluginProfile({ PROFILE: file })).rejects.toThrow("has no default export");
  });
});

test("a profile stands alone: it has the configuration and the kind of one plugin", () => {
  const mine = { PROFILE: "mine.ts", PLUGIN: "/opt/mine" };
  expect(readSettings(mine).PROFILE).toMatch(/^\/.*mine\.ts$/);
  expect(() => readSettings({ ...mine, CONFIG: "{}" })).toThrow("expected no CONFIG with it");
  expect(() => readSettings({ ...mine, KIND: "ipam" })).toThrow("expected no KIND with it");
  expect(() => readSettings({ PROFILE: "mine.ts" })).toThrow("expected PLUGIN with it");
  expect(() => readSettings({ ...mine, PLUGIN: "/a,/b" })).toThrow("which names one plugin");
});
