/**
 * The folders of the source, from the lowest floor to the highest. A file imports from its own floor and from lower
 * ones. A folder inside another floor's folder (`suites/requirements`) is on its own floor alone.
 */
export const floors: readonly (readonly string[])[] = [
  ["suites/requirements"],
  ["harness/core"],
  ["harness/host"],
  ["harness/cluster", "harness/cnm", "harness/cni"],
  ["harness/observe"],
  ["harness/workload"],
  ["drivers"],
  ["harness/conformance", "harness/oracle"],
  ["reports"],
  ["suites"],
  ["harness/proof"],
  ["harness/tools"],
  ["harness/cli"],
  ["harness/testing"],
];

/** What every test may import, beside what its folder may. */
export const testSupport = "harness/testing";

/** The floor of the commands. From there up, and in tests, settings are read; all others are given what was read. */
export const commands = "harness/cli";

/** How the names of tests end. */
export const testEndings = [".test.ts", ".integration.ts"];

/** Where `*.test.ts` are chapters of the conformance suite, with the floor of their folder and nothing more. */
export const chapters = "suites";

/** The floor of a file, from 0, the lowest. `undefined` for a file that is on none. */
export function floorOf(path: string): number | undefined {
  const [folder] = floors
    .flat()
    .filter((one) => path.startsWith(`${one}/`))
    .sort((one, other) => other.length - one.length);
  return folder === undefined ? undefined : floors.findIndex((folders) => folders.includes(folder));
}
