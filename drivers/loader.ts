import { existsSync } from "node:fs";
import { extname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Blocked, HarnessError, messageOf, Nonconformance, UsageError } from "#harness/core/errors.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { builtInDrivers, fileOfBuiltIn } from "./built-in.ts";
import type { Driver, DriverFactory, DriverSettings } from "./driver.ts";
import { apiVersion, packageVersion } from "./kit/api-version.ts";
import { refuseMissing } from "./kit/docker-driver/capability-methods.ts";
import { problemsOf } from "./loading/driver-shape.ts";
import { importDefault } from "./loading/module.ts";
import { lineNaming, lineThrown } from "./loading/source-line.ts";

/** File names by which a network configuration for CNI plugins is known. */
const conflistExtensions = [".conflist", ".conf", ".json"];

/**
 * Loads a driver by built-in name, path to a file (`./my-driver.ts`, or `./my.conflist` for CNI plugins), or package name.
 * One that depends on the settings is made with `settings`. Throws `UsageError` that names the file, the line where that can be
 * told, and what is wrong with it.
 */
export async function loadDriver(reference: string, settings: DriverSettings): Promise<Driver> {
  const { specifier, place, file } = locate(reference);
  if (conflistExtensions.includes(extname(place))) {
    const { conflistDriver } = await import("./cni/conflist.ts");
    return keepingPromises(reference, place, conflistDriver(place)(settings));
  }
  const exported = await importDefault(
    { named: `DRIVER=${reference}`, specifier, place, file },
    {
      unknown: `no such driver; expected one of ${builtInDrivers.join(", ")}, a path to a driver file, or an installed package`,
      example: "export default defineDriver({ name, title, capabilities, connect })",
    },
  );
  const driver = await made(exported, settings).catch((error: unknown) => {
    throw new UsageError(
      `DRIVER=${reference}: ${lineThrown(file, error)} could not make its driver: ${messageOf(error)}`,
      { cause: error },
    );
  });
  refuseOtherApi(reference, file, driver);
  const problems = problemsOf(driver, file);
  if (problems.length > 0) {
    throw new UsageError(`DRIVER=${reference}: ${file} is not a driver\n  ${problems.join("\n  ")}`);
  }
  refuseRuntime(reference, settings, driver as Driver);
  return keepingPromises(reference, file, driver as Driver);
}

/** Refuses a driver whose workloads the chosen runtime would not start: engines, or a runtime of its own, would. */
function refuseRuntime(
  reference: string,
  { RUNTIME }: Pick<DriverSettings, "RUNTIME">,
  { runtime }: Driver,
): void {
  if (RUNTIME === "netconform" || runtime === RUNTIME) return;
  throw new UsageError(
    `RUNTIME=${RUNTIME}: expected a driver with it that can have its containers started by ${RUNTIME}, got DRIVER=${reference}`,
    { hint: "take a driver of CNI plugins: DRIVER=cni-bridge, or DRIVER=./my.conflist" },
  );
}

/** Refuses a driver that was made for another version of the driver API. One that does not say is taken for a current one. */
function refuseOtherApi(reference: string, file: string, driver: unknown): void {
  const madeFor = (driver as { apiVersion?: unknown } | undefined)?.apiVersion;
  if (madeFor === undefined || madeFor === apiVersion) return;
  throw new UsageError(
    `DRIVER=${reference}: ${lineNaming(file, "apiVersion")} was made for version ${madeFor} of the driver API: expected ${apiVersion}, which netconform ${packageVersion()} in ${projectRoot} has`,
    { hint: "docs/drivers.md says what has changed; or install the netconform that it was made for" },
  );
}

/**
 * The driver, whose `connect` refuses a declared capability without its methods, and whose `prepare` tells its own mistakes with
 * their place, since no cluster is there yet.
 */
function keepingPromises(reference: string, file: string, driver: Driver): Driver {
  const place = `DRIVER=${reference}: ${file}`;
  const { name, title, capabilities } = driver;
  return {
    ...driver,
    ...{ name, title, capabilities },
    ...(driver.needs ? { needs: driver.needs } : {}),
    ...(driver.prepare
      ? {
          prepare: async (engine) => {
            try {
              await driver.prepare?.(engine);
            } catch (error) {
              if ([Blocked, HarnessError, Nonconformance].some((own) => error instanceof own)) throw error;
              throw new UsageError(
                `DRIVER=${reference}: ${lineThrown(file, error)} failed in prepare: ${messageOf(error)}`,
                { cause: error },
              );
            }
          },
        }
      : {}),
    ...(driver.binaries ? { binaries: async (cluster) => driver.binaries?.(cluster) ?? [] } : {}),
    ...(driver.install ? { install: async (...given) => (await driver.install?.(...given)) ?? {} } : {}),
    async connect(cluster, attachment) {
      const installed = await driver.connect(cluster, attachment);
      refuseMissing(place, driver, installed);
      return installed;
    },
  };
}

/** The driver itself, also where a file exports a function that makes it. */
async function made(exported: unknown, settings: DriverSettings): Promise<unknown> {
  return typeof exported === "function" ? (exported as DriverFactory)(settings) : exported;
}

/** The file that a driver reference leads to; the reference itself where it leads to none. */
export function fileOfDriver(reference: string): string {
  return locate(reference).file || reference;
}

/** What to import, what to call it in messages, and its file where it leads to one. */
function locate(reference: string): { specifier: string; place: string; file: string } {
  const builtIn = fileOfBuiltIn(reference);
  if (builtIn) {
    const file = fileURLToPath(builtIn);
    return { specifier: builtIn.href, place: file, file };
  }
  if (reference.startsWith(".") || reference.startsWith("/")) {
    const path = resolve(reference);
    if (!existsSync(path))
      throw new UsageError(`DRIVER=${reference}: there is no file ${path} (set in the environment)`);
    return { specifier: pathToFileURL(path).href, place: path, file: path };
  }
  const specifier = locatePackage(reference);
  const file = specifier.startsWith("file:") ? fileURLToPath(specifier) : reference;
  return { specifier, place: reference, file };
}

/** The file that an installed package leads to; what is not there stays what it is, and fails when it is imported. */
function locatePackage(reference: string): string {
  try {
    return import.meta.resolve(reference);
  } catch {
    return reference;
  }
}
