import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "#harness/core/errors.ts";
import type { Settings } from "./schema.ts";

const folders = ["REPORTS", "CACHE"] as const;

/** Throws `UsageError` where a folder that a run writes to can be neither written to nor made. */
export function refuseReadOnly(settings: Pick<Settings, (typeof folders)[number]>): void {
  for (const name of folders) {
    const place = nearest(settings[name]);
    try {
      accessSync(place, constants.W_OK);
    } catch {
      throw new UsageError(`${name}=${settings[name]}: ${place} cannot be written to`, {
        hint: `name a folder that can be written to: ${name}=FOLDER`,
      });
    }
  }
}

/** The folder, or the one above it that is there. */
function nearest(folder: string): string {
  return existsSync(folder) || folder === dirname(folder) ? folder : nearest(dirname(folder));
}
