import type { InstalledDriver } from "#drivers/driver.ts";
import { within } from "#harness/core/async/poll.ts";

const deadlineMs = 20_000;

/**
 * What the driver says is installed, by name. Never rejects: a driver that cannot tell in time, or has nothing to tell, has no
 * versions, and the reason is on the console.
 */
export async function askVersions(
  name: string,
  driver: Pick<InstalledDriver, "versions">,
): Promise<Readonly<Record<string, string>>> {
  try {
    const what = `${name} to tell its versions`;
    const told = await within({ what, deadlineMs }, Promise.resolve(driver.versions?.() ?? {}));
    return Object.fromEntries(Object.entries(told).map(([part, version]) => [part, String(version)]));
  } catch (error) {
    console.warn(`${name}: its versions are not known: ${error instanceof Error ? error.message : error}`);
    return {};
  }
}
