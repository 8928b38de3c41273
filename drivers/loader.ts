import { existsSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { UsageError } from "#harness/core/errors.ts";
import { type Capability, capabilities } from "#suites/requirements/capability.ts";
import { builtInDrivers, fileOfBuiltIn } from "./built-in.ts";
import type { Driver, DriverFactory, DriverSettings } from "./driver.ts";
import { refuseMissing } from "./kit/docker-driver/capability-methods.ts";
import { resolvePublicApi } from "./public-api-import.ts";

/** File names by which a network configuration for CNI plugins is known. */
const conflistExtensions = [".conflist", ".conf", ".json"];

const capabilityNames = Object.keys(capabilities) as [Capability, ...Capability[]];

const optionalFunction = (expected: string) =>
  z.custom((value) => typeof value === "function", expected).optional();

const nameRule = "a name of letters, digits, '_', '.' and '-'";
const driverShape = z.object(
  {
    name: z.string({ error: nameRule }).regex(/^[a-z0-9][a-z0-9_.-]*$/i, nameRule),
    title: z.string({ error: "a text" }).min(1, { error: "a text" }),
    capabilities: z.array(z.enum(capabilityNames), { error: "a list of capabilities" }),
    install: optionalFunction("a function install(scope, cluster), or none"),
    prepare: optionalFunction("a function prepare(engine), or none"),
    binaries: optionalFunction("a function binaries(cluster), or none"),
    connect: z.custom((value) => typeof value === "function", "a function connect(cluster, attachment)"),
  },
  { error: "a driver object, as defineDriver makes it" },
);

/**
 * Loads a driver by built-in name, path to a file (`./my-driver.ts`, or `./my.conflist` for CNI plugins), or package name.
 * One that depends on the settings is made with `settings`. Throws `UsageError` that names the file and what is wrong with it.
 */
export async function loadDriver(reference: string, settings: DriverSettings): Promise<Driver> {
  const { specifier, place } = locate(reference);
  if (conflistExtensions.includes(extname(place))) {
    const { conflistDriver } = await import("./cni/conflist.ts");
    return keepingPromises(`DRIVER=${reference}: ${place}`, await conflistDriver(place)(settings));
  }
  resolvePublicApi();
  let loaded: { default?: unknown };
  try {
    loaded = (await import(specifier)) as { default?: unknown };
  } catch (error) {
    // A package that is there but lacks one of its own is another case.
    const missing =
      (error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND" &&
      String(error).includes(`'${specifier}'`);
    throw new UsageError(
      missing && !place.startsWith("/")
        ? `DRIVER=${reference}: no such driver; expected one of ${builtInDrivers.join(", ")}, a path to a driver file, or an installed package (set in the environment)`
        : `DRIVER=${reference}: ${place} could not be loaded: ${error instanceof Error ? error.message : error}`,
      { cause: error, ...(isScript(error) ? { hint: scriptHint } : {}) },
    );
  }
  if (loaded.default === undefined) {
    throw new UsageError(`DRIVER=${reference}: ${place} has no default export`, {
      hint: "export default defineDriver({ name, title, capabilities, connect })",
    });
  }
  const driver = await made(loaded.default, settings).catch((error: unknown) => {
    throw new UsageError(
      `DRIVER=${reference}: ${place} could not make its driver: ${error instanceof Error ? error.message : error}`,
      { cause: error },
    );
  });
  const checked = driverShape.safeParse(driver);
  if (!checked.success) {
    const problems = checked.error.issues.map((issue) => describeIssue(issue, driver));
    throw new UsageError(`DRIVER=${reference}: ${place} is not a driver\n  ${problems.join("\n  ")}`);
  }
  return keepingPromises(`DRIVER=${reference}: ${place}`, driver as Driver);
}

/** The driver, whose `connect` refuses a declared capability without its methods. */
function keepingPromises(place: string, driver: Driver): Driver {
  const { name, title, capabilities } = driver;
  return {
    ...driver,
    ...{ name, title, capabilities },
    ...(driver.needs ? { needs: driver.needs } : {}),
    ...(driver.prepare ? { prepare: async (engine) => driver.prepare?.(engine) } : {}),
    ...(driver.binaries ? { binaries: async (cluster) => driver.binaries?.(cluster) ?? [] } : {}),
    ...(driver.install ? { install: async (...given) => (await driver.install?.(...given)) ?? {} } : {}),
    async connect(cluster, attachment) {
      const installed = await driver.connect(cluster, attachment);
      refuseMissing(place, driver, installed);
      return installed;
    },
  };
}

const scriptHint = 'name the file driver.mts, or put "type": "module" into the nearest package.json';

/** Whether Node.js took a file with `import` for a script, as it does where the nearest package.json does not say otherwise. */
function isScript(error: unknown): boolean {
  return error instanceof SyntaxError && /outside a module/.test(error.message);
}

/** The driver itself, also where a file exports a function that makes it. */
async function made(exported: unknown, settings: DriverSettings): Promise<unknown> {
  return typeof exported === "function" ? (exported as DriverFactory)(settings) : exported;
}

function locate(reference: string): { specifier: string; place: string } {
  const builtIn = fileOfBuiltIn(reference);
  if (builtIn) return { specifier: builtIn.href, place: builtIn.pathname };
  if (reference.startsWith(".") || reference.startsWith("/")) {
    const path = resolve(reference);
    if (!existsSync(path))
      throw new UsageError(`DRIVER=${reference}: there is no file ${path} (set in the environment)`);
    return { specifier: pathToFileURL(path).href, place: path };
  }
  return { specifier: locatePackage(reference), place: reference };
}

/** The file that an installed package leads to; what is not there stays what it is, and fails when it is imported. */
function locatePackage(reference: string): string {
  try {
    return import.meta.resolve(reference);
  } catch {
    return reference;
  }
}

function describeIssue(issue: z.core.$ZodIssue, value: unknown): string {
  const path = issue.path.join(".");
  const got = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], value);
  const expected = "values" in issue ? `one of ${(issue.values as string[]).join(", ")}` : issue.message;
  return `${path || "default export"}: expected ${expected}, got ${typeof got === "function" ? "a function" : JSON.stringify(got)}`;
}
