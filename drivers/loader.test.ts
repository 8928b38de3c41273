import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Blocked, UsageError } from "#harness/core/errors.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { $ } from "#harness/host/local/zx.ts";
import { builtInDrivers } from "./built-in.ts";
import { packageVersion } from "./kit/api-version.ts";
import { loadDriver } from "./loader.ts";

const settings = readSettings({});
const folder = mkdtempSync(join(tmpdir(), "netconform-drivers-"));
afterAll(() => rmSync(folder, { recursive: true }));

function driverFile(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe("loadDriver", () => {
  it.each(builtInDrivers)("loads %s by name", async (name) => {
    expect((await loadDriver(name, settings)).name).toBe(name);
  });

  it("loads a driver file by path", async () => {
    const path = driverFile(
      "good.mjs",
      'export default { name: "mine", title: "Mine", capabilities: ["names"], install() {}, connect() {} };',
    );
    expect((await loadDriver(path, settings)).title).toBe("Mine");
  });

  describe("a driver file that exports a function", () => {
    it("is called with the settings", async () => {
      const path = driverFile(
        "factory.mjs",
        `export default ({ REPORTS }) =>
           ({ name: "made", title: REPORTS, capabilities: ["names"], install() {}, connect() {} });`,
      );
      const driver = await loadDriver(path, { ...settings, REPORTS: "/reports" });
      expect([driver.name, driver.title]).toEqual(["made", "/reports"]);
    });

    it("may load another driver with them", async () => {
      const path = driverFile(
        "derived.ts",
        `import { defineDriver, loadDriver } from "netconform";
         export default defineDriver(async (settings) => ({
           ...(await loadDriver("contiv", settings)),
           name: "derived",
         }));`,
      );
      const { name, capabilities } = await loadDriver(path, { ...settings, CONTIV: "running" });
      expect(name).toBe("derived");
      expect(capabilities).not.toContain("remote");
      expect((await loadDriver(path, settings)).capabilities).toContain("remote");
    });
  });

  describe("a driver file outside the project that imports the public API", () => {
    const path = driverFile(
      "outside.ts",
      `import { Blocked, type Driver, defineDriver } from "netconform";
       const driver: Driver = defineDriver({
         name: "outside",
         title: "Outside",
         capabilities: ["names"],
         async prepare() { throw new Blocked("as it says"); },
         async install() { return {}; },
         async connect() { throw new Blocked("as it says"); },
       });
       export default driver;`,
    );

    it("loads, and what it throws is what the suite knows", async () => {
      const driver = await loadDriver(path, settings);
      expect(driver.title).toBe("Outside");
      await expect(driver.prepare?.("26.1")).rejects.toThrow(Blocked);
    });

    it("loads in a command, which has Node.js alone", async () => {
      const loader = JSON.stringify(new URL("./loader.ts", import.meta.url).href);
      const program = `
        import { loadDriver } from ${loader};
        const { title, prepare } = await loadDriver(${JSON.stringify(path)}, ${JSON.stringify(settings)});
        console.log(title, await prepare().catch(({ name }) => name));`;
      const ran = await $`${[process.execPath, "--input-type=module", "-e", program]}`;
      expect(ran.stdout, ran.stderr).toBe("Outside Blocked\n");
    });
  });

  it.each([
    [
      "throws.mjs",
      "\nthrow new Error('broken inside');",
      /throws\.mjs:2 could not be loaded: broken inside$/,
    ],
    ["text.mjs", "throw 'broken inside';", /text\.mjs could not be loaded: broken inside$/],
    ["unparsable.mjs", "export default {\n  name: };", /unparsable\.mjs:2 could not be loaded/],
    [
      "boasting.ts",
      'import { dockerDriver } from "netconform";\nexport default dockerDriver({ name: "x", title: "X", capabilities: ["remote"], driver: "x" });',
      /boasting\.ts:2 could not be loaded: dockerDriver x declares what it lacks\n {2}remote: expected protocol/,
    ],
    [
      "older.mjs",
      'export default {\n  apiVersion: 0,\n  name: "x",\n};',
      /older\.mjs:2 was made for version 0 of the driver API: expected 1, which netconform \d\S* in \/.* has\n {2}next: docs\/drivers\.md/,
    ],
    [
      "newer.ts",
      'import { dockerDriver } from "netconform";\nexport default dockerDriver({ apiVersion: 2, name: "x", title: "X", capabilities: [], driver: "x" });',
      /newer\.ts:2 was made for version 2 of the driver API: expected 1/,
    ],
    ["empty.mjs", "export const x = 1;", /empty\.mjs has no default export/],
    [
      "failing.mjs",
      "export default () => { throw new Error('no such folder'); };",
      /failing\.mjs:1 could not make its driver: no such folder/,
    ],
    [
      "rejecting.mjs",
      "export default async () => { throw new Error('no such folder'); };",
      /rejecting\.mjs:1 could not make its driver: no such folder/,
    ],
    ["hollow.mjs", "export default () => undefined;", /hollow\.mjs is not a driver[\s\S]*default export/],
    [
      "lacking.mjs",
      'export default async () => ({ name: "x", title: "X", capabilities: [], install() {} });',
      /lacking\.mjs is not a driver[\s\S]*connect: expected a function connect/,
    ],
    ["bare.mjs", "export default {};", /bare\.mjs is not a driver[\s\S]*name/],
    [
      "proud.mjs",
      'export default { name: "x", title: "X", capabilities: ["teleport"], install() {}, connect() {} };',
      /proud\.mjs[\s\S]*one of [\s\S]*multihost[\s\S]*teleport" \(line 1\)/,
    ],
    [
      "misspelt.mjs",
      'export default { name: "x", title: "X", capabilities: [], connect() {}, heldGapMs: { plugins: 500 } };',
      /misspelt\.mjs[\s\S]*heldGapMs: expected gaps in milliseconds of any of plugin, engine and upgrade/,
    ],
  ])("refuses %s and says what is wrong", async (name, content, message) => {
    const loading = loadDriver(driverFile(name, content), settings);
    await expect(loading).rejects.toThrow(UsageError);
    await expect(loading).rejects.toThrow(message);
  });

  describe("the gaps that a driver declares for connections", () => {
    const declaring = (name: string, gap: string) =>
      driverFile(
        name,
        `export default { name: "x", title: "X", capabilities: [], connect() {}, heldGapMs: { plugin: ${gap} } };`,
      );

    it("may be as long as it is looked whether they end", async () => {
      const { heldGapMs } = await loadDriver(declaring("patient.mjs", "25000"), settings);
      expect(heldGapMs).toEqual({ plugin: 25_000 });
    });

    it.each(["0", "-20", "0.5", "25001", "Infinity", "NaN", '"500"', "null"])(
      "are refused where one is %s",
      async (gap) => {
        const loading = loadDriver(declaring(`slow ${gap}.mjs`, gap), settings);
        await expect(loading).rejects.toThrow(UsageError);
        await expect(loading).rejects.toThrow(
          `heldGapMs.plugin: expected milliseconds, a whole number from 1 to 25000, as long as H2 looks, got ${gap} (line 1)`,
        );
      },
    );
  });

  it("says where prepare failed, since no cluster is there yet; what the suite knows passes through", async () => {
    const path = driverFile(
      "unprepared.mjs",
      `const whole = { name: "x", title: "X", capabilities: ["names"], connect() {} };
       export default { ...whole, async prepare(engine) {
         engine.nosuch.call();
       } };`,
    );
    const { prepare } = await loadDriver(path, settings);
    await expect(prepare?.("26.1")).rejects.toThrow(UsageError);
    await expect(prepare?.("26.1")).rejects.toThrow(/unprepared\.mjs:3 failed in prepare: Cannot read/);
  });

  describe("a tree with two versions of netconform", () => {
    const tree = join(folder, "two versions");
    const other = join(tree, "node_modules/netconform");
    const helper = join(tree, "node_modules/helper/index.mjs");
    mkdirSync(dirname(helper), { recursive: true });
    mkdirSync(other);
    writeFileSync(helper, 'export { defineDriver } from "netconform";');
    const driver = driverFile(
      "two versions/driver.mjs",
      `import { defineDriver } from "./node_modules/helper/index.mjs";
       export default defineDriver({ name: "x", title: "X", capabilities: ["names"], connect() {} });`,
    );
    const loader = JSON.stringify(new URL("./loader.ts", import.meta.url).href);
    const program = `
      import { loadDriver } from ${loader};
      const loading = loadDriver(${JSON.stringify(driver)}, ${JSON.stringify(settings)});
      console.log(await loading.then(({ name }) => name, ({ name, message }) => name + ": " + message));`;

    async function load(version: string): Promise<string> {
      writeFileSync(join(other, "package.json"), JSON.stringify({ name: "netconform", version }));
      return (await $`${[process.execPath, "--input-type=module", "-e", program]}`).stdout;
    }

    it("is refused with both, and who imports the other", async () => {
      const said = await load("0.1.0");
      expect(said).toContain("UsageError: DRIVER=");
      expect(said).toContain(
        `two versions of netconform in one tree: ${packageVersion()} runs, from ${projectRoot}; `,
      );
      expect(said).toContain(`${helper} imports 0.1.0, from ${other}\n  next: `);
    });

    it("is fine where both are of the same version", async () => {
      expect(await load(packageVersion())).toBe("x\n");
    });
  });

  it("takes a driver without install, whose engines bring it", async () => {
    const path = driverFile(
      "engines.mjs",
      'export default { name: "x", title: "X", capabilities: ["names"], connect() {} };',
    );
    expect((await loadDriver(path, settings)).install).toBeUndefined();
  });

  it.each([
    ["multihost", "", ["underlay"]],
    ["tenants", "async createTenant() {}", ["listTenants"]],
    ["policy", "", ["createPolicy", "listPolicies", "createGroup", "listGroups"]],
    ["remote", "", ["protocol"]],
  ])("refuses to connect a driver that declares %s and lacks its methods", async (capability, has, lacks) => {
    const path = driverFile(
      `lacking-${capability}.mjs`,
      `export default { name: "x", title: "X", capabilities: ["names", "${capability}"],
         async connect() { return { createNetwork() {}, ${has} }; } };`,
    );
    const driver = await loadDriver(path, settings);
    const connecting = driver.connect(undefined as never, {});
    await expect(connecting).rejects.toThrow(UsageError);
    const lines = lacks.map((method) => `  ${capability}: expected ${method}, got none\n`).join("");
    await expect(connecting).rejects.toThrow(`DRIVER=${path}: ${path} declares what it lacks\n${lines}`);
  });

  it("connects a driver that has what it declares, which may be an object of a class", async () => {
    const path = driverFile(
      "classy.mjs",
      `class Mine {
         name = "x"; title = "X"; #secret = "control";
         get capabilities() { return ["multihost"]; }
         async install() { return { underlay: this.#secret }; }
         async connect(_, { underlay }) { return { createNetwork() {}, underlay }; }
       }
       export default new Mine();`,
    );
    const driver = await loadDriver(path, settings);
    const attachment = await driver.install?.(undefined as never, undefined as never);
    expect(await driver.connect(undefined as never, attachment ?? {})).toMatchObject({ underlay: "control" });
  });

  it("names the drivers there are when there is none of that name", async () => {
    await expect(loadDriver("contivv", settings)).rejects.toThrow(
      /DRIVER=contivv: no such driver.*bridge, overlay/,
    );
  });

  it("says which file is not there", async () => {
    await expect(loadDriver("./nowhere.ts", settings)).rejects.toThrow(
      /DRIVER=\.\/nowhere\.ts.*no file .*nowhere\.ts/,
    );
  });
});
