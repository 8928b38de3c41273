import { expect, test } from "vitest";
import { readTracked, trackedFiles } from "./tracked-files.ts";

/** What says how a command is typed. */
const excepted = ["harness/core/typed.ts"];

const modules = (await trackedFiles()).filter(
  (path) =>
    /^(harness|drivers|suites|reports)\/.*\.m?ts$/.test(path) &&
    !/\.(test|integration|bench)\.ts$/.test(path) &&
    !/^(harness\/testing|reports\/fixtures)\//.test(path) &&
    !excepted.includes(path),
);

test("no message names an npm script, which the package has not: typed() says how a command is typed", () => {
  expect(modules.length).toBeGreaterThan(100);
  expect(modules.flatMap(scriptsIn)).toEqual([]);
});

test("a message that names an npm script is found, and a comment is not", () => {
  expect(scriptsOf('say("npm run cluster -- down removes it");')).toEqual(["npm run cluster"]);
  expect(scriptsOf("/** As `npm run prove` does. */\n// npm test\n")).toEqual([]);
});

function scriptsIn(path: string): string[] {
  return scriptsOf(readTracked(path)).map((script) => `${path}: ${script}`);
}

/** What a module's text says beside its comments. */
function scriptsOf(text: string): string[] {
  const code = text.replaceAll(/\/\*.*?\*\//gs, "").replaceAll(/^\s*\/\/.*$/gm, "");
  return [...code.matchAll(/\bnpm (?:run(?: -s)? [\w:-]+|test\b)/g)].map(([script]) => script);
}
