import { lastLines } from "#harness/host/setup/install.ts";

/**
 * The provider docker looks at every container and network of the engine before it makes or removes its own, and fails
 * when one of another run goes in between.
 */
const vanished = /No such (object|container|network)|network \S+ not found/i;

/** Whether Vagrant failed, by all that it said, since something of somebody else went while it looked. */
export function hasVanished(said: string): boolean {
  return vanished.test(said);
}

/**
 * The end of what Vagrant said, in 25 lines at most. Of a command of its own that failed it tells the errors first and then
 * all of the output, which for a list of networks is longer than that: only the errors are kept.
 */
export function tellEnd(said: string): string {
  const from = said.lastIndexOf("\nStderr: ");
  const to = from < 0 ? -1 : said.indexOf("\nStdout: ", from);
  return lastLines(to < 0 ? said : said.slice(0, to), 25);
}
