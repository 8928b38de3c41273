import { ConfigurationError } from "#harness/cni/protocol/errors.ts";
import type { PluginUnderTest } from "#harness/cni/testbed/container.ts";
import { CommandFailed } from "#harness/host/command-failed.ts";

/** A key of a profile whose shell lines have to succeed. */
export type ProfileLine = "prepareHost" | "prepareContainer" | "state";

/**
 * Does what runs the lines of a key, where the profile has it. Throws `ConfigurationError` where they fail, with the key and what they have
 * printed: the mistake is in the profile.
 */
export async function tellingLine<T>(
  { type, profile }: Pick<PluginUnderTest, "type" | "profile">,
  key: ProfileLine,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (profile[key] === undefined || !(error instanceof CommandFailed)) throw error;
    const { code, signal, stderr, stdout } = error.result;
    const printed = stderr.trim() || stdout.trim() || "(no output)";
    throw new ConfigurationError(
      `${key} of the profile of ${type}: expected exit code 0, got ${code ?? signal}\n  ${printed.replaceAll("\n", "\n  ")}`,
      { hint: "docs/cni-profile.md says where the shell lines of a profile run", cause: error },
    );
  }
}
