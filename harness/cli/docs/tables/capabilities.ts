import { builtInDrivers } from "#drivers/built-in.ts";
import type { Driver } from "#drivers/driver.ts";
import { loadDriver } from "#drivers/loader.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { markdownTable } from "#harness/core/text/markdown.ts";
import { type Capability, capabilities, features } from "#suites/requirements/capability.ts";

/** Which of the drivers that come with the suite declares what. */
export async function capabilitiesTable(): Promise<string> {
  const drivers = await loadBuiltInDrivers();
  return markdownTable(
    ["capability", "meaning", ...drivers.map(({ name }) => `\`${name}\``)],
    Object.entries(capabilities).map(([capability, meaning]) => [
      `\`${capability}\``,
      meaning,
      ...drivers.map((driver) => (driver.capabilities.includes(capability as Capability) ? "✔" : "")),
    ]),
  );
}

/** The drivers that come with the suite, and what they need beyond an engine. */
export async function driversTable(): Promise<string> {
  const drivers = await loadBuiltInDrivers();
  return markdownTable(
    ["`DRIVER`", "what it is", "needs of the nodes, by capability"],
    drivers.map(({ name, title, needs = {} }) => [
      `\`${name}\``,
      title,
      Object.entries(needs)
        .map(([capability, lacking]) => `${capability}: ${lacking.join(", ")}`)
        .join("; "),
    ]),
  );
}

/** As they are where nothing is set. */
function loadBuiltInDrivers(): Promise<Driver[]> {
  const settings = readSettings({});
  return Promise.all(builtInDrivers.map((name) => loadDriver(name, settings)));
}

/** What is looked for on the nodes before a capability that needs it is tried. */
export function featuresTable(): string {
  return markdownTable(
    ["feature", "what is looked for on every node"],
    Object.entries(features).map(([feature, meaning]) => [`\`${feature}\``, meaning]),
  );
}
