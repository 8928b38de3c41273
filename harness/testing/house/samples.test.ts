import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadPluginProfile } from "#drivers/cni/plugin-profile/load.ts";
import { loadDriver } from "#drivers/loader.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { $ } from "#harness/host/local/zx.ts";
import { driverSamples, type Sample } from "./samples.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-samples-"));
afterAll(() => rmSync(folder, { recursive: true }));

const samples = driverSamples();
const fileOf = (place: string) => `${place.replace(/^docs\//, "").replace(/\.md:/, "-")}.ts`;
for (const { place, code } of samples) writeFileSync(join(folder, fileOf(place)), code);

test("every sample of the documents on drivers is a module that the public API's types accept", async () => {
  expect(samples.length).toBeGreaterThan(6);
  const compilerOptions = {
    noEmit: true,
    paths: { netconform: [join(projectRoot, "drivers/index.ts")] },
    typeRoots: [join(projectRoot, "node_modules/@types")],
  };
  const config = {
    extends: join(projectRoot, "tsconfig.json"),
    compilerOptions,
    // What announces events declares them there.
    include: [join(projectRoot, "harness/**/moments.ts")],
    files: samples.map(({ place }) => fileOf(place)),
  };
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const checked = await $({ nothrow: true })`${join(projectRoot, "node_modules/.bin/tsc")} -p ${folder}`;
  expect(checked.stdall).toBe("");
}, 60_000);

const isProfile = ({ code }: Sample) => code.includes("defineCniPlugin");
const isDriver = (sample: Sample) => sample.code.includes("export default") && !isProfile(sample);

test.each(samples.filter(isProfile).map(({ place }) => place))("the profile at %s loads", async (place) => {
  const profile = await loadPluginProfile({ PROFILE: join(folder, fileOf(place)) });
  expect(profile?.config({ dataDir: "/scratch", index: 2, ifName: "nc0" })).toMatchObject({ vlan: 102 });
});

test.each(samples.filter(isDriver).map(({ place }) => place))("the driver at %s loads", async (place) => {
  const driver = await loadDriver(join(folder, fileOf(place)), readSettings({}));
  expect(driver.name).toMatch(/^my-/);
});
