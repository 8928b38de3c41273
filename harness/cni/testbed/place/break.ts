import { isDeepStrictEqual } from "node:util";
import type { Container } from "#harness/cni/testbed/container.ts";
import type { Breakage } from "#harness/cni/testbed/profiles.ts";
import { readContainerState } from "#harness/cni/testbed/state.ts";
import type { Testbed } from "#harness/cni/testbed/testbed.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";

/**
 * Takes away something that the plugin has set up for a container. Resolves to `undefined` where that has changed something, else to
 * why it has not: with another configuration, or in another way to do it, the plugin sets no such thing up.
 * What the line itself makes is nothing that the plugin leaves. Throws `HarnessError` for a line that cannot be run.
 */
export async function breakSetUp(
  testbed: Testbed,
  { what, script, shows }: Breakage,
  container: Container,
): Promise<string | undefined> {
  const look = async () =>
    shows === undefined
      ? [...(await testbed.state()), ...(await readContainerState(testbed.plugin.host, container.name))]
      : [(await testbed.exec(shows, container)).stdout];
  const before = await look();
  const { code, stderr } = await testbed.owning(() => testbed.exec(script, container));
  if (code === 126 || code === 127) {
    throw new HarnessError(`the line that breaks ${what} cannot be run: ${stderr.trim()}\n  ${script}`);
  }
  const after = await look();
  if (!isDeepStrictEqual(after, before)) return undefined;
  const said = stderr.trim() === "" ? "" : ` (${firstLineOf(stderr.trim())})`;
  return `the plugin has not set up ${what}: taking it away changed nothing${said}`;
}
