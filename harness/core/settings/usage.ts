import { UsageError } from "#harness/core/errors.ts";
import { readSettings, type Settings } from "./settings.ts";

/** Ends the process with exit code 2 and the message of a usage error; throws anything else on. */
export function endOnUsageError(error: unknown): never {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}

/** The settings, for the top of a command: ends the process with exit code 2 where they are wrong. */
export function settingsOrExit(): Settings {
  try {
    return readSettings();
  } catch (error) {
    return endOnUsageError(error);
  }
}
