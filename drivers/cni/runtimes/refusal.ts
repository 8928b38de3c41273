import { HarnessError, Nonconformance } from "#harness/core/errors.ts";

/** How libcni tells that a plugin has failed: its runtimes hand that on. */
const ofPlugin = /plugin type="[^"]*"(?: name="[^"]*")? failed \((?:add|delete|check)\)/;

/** Something that a runtime was asked for and did not do: the plugin's failure where a plugin had failed, else the runtime's. */
export function refusal(asked: string, words: string): Error {
  const got = words.trim();
  return ofPlugin.test(got)
    ? new Nonconformance({ who: asked, expected: "success of every plugin", got })
    : new HarnessError(`${asked}: ${got}`);
}
