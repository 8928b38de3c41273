import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { progressOn } from "#harness/core/async/progress.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { installMissing } from "#harness/host/setup/install.ts";
import { listFiles } from "./files.ts";
import { lint } from "./lint.ts";
import { shellcheck } from "./shell.ts";

const local = new LocalHost();
const module_ = "harness/host/agent/python/netconform_agent/net/sockets.py";
const script = "vagrant/netconform-engine";

beforeAll(() =>
  installMissing(local, progressOn(process.stderr), [shellcheck], "checking the shell scripts"),
);

/** A copy of everything that is linted, changed, and what the check says about it. */
async function lintedCopy(change: (folder: string) => void): Promise<{ code: number; said: string }> {
  const folder = mkdtempSync(join(tmpdir(), "netconform-lint-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const names = await listFiles(local, projectRoot);
  const linted = /\.(py|sh|toml)$|^vagrant\/netconform|^\.ci\/run$|^\.github\/|^action\.yml$/;
  for (const name of names.filter((one) => linted.test(one))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    cpSync(join(projectRoot, name), join(folder, name));
  }
  await local.run(["git", "init", "--quiet", folder]);
  change(folder);
  const said: string[] = [];
  const code = await lint(local, folder, (line) => said.push(line));
  return { code, said: said.join("\n") };
}

test("the project as it is has no mistakes", async () => {
  expect(await lintedCopy(() => {})).toEqual({
    code: 0,
    said: "Checked the types of Python.\nChecked the style of Python.\nChecked the shell scripts.\nChecked the steps of workflows.",
  });
});

test.each([
  [
    "a call with a value of another type",
    (folder: string) => appendFileSync(join(folder, module_), '\n\nplain(len("x"))\n'),
    /sockets\.py:\d+:7 - error: Argument of type "int" cannot be assigned to parameter "address"/,
  ],
  [
    "a parameter without a type",
    (folder: string) => appendFileSync(join(folder, module_), "\n\ndef same(value):\n    return value\n"),
    /sockets\.py:\d+:10 - error: Type annotation is missing for parameter "value"/,
  ],
  [
    "an import that nothing uses",
    (folder: string) => {
      const path = join(folder, dirname(module_), "unused.py");
      writeFileSync(path, '"""Nothing."""\n\nimport json\n');
    },
    /unused\.py:3:8: F401 `json` imported but unused/,
  ],
  [
    "Python that is formatted otherwise",
    (folder: string) => appendFileSync(join(folder, module_), "\n\nanswer = {'one':1}\n"),
    /sockets\.py:\d+: format: expected "answer = \{\\"one\\": 1\}"/,
  ],
  [
    "Python that does not parse",
    (folder: string) => appendFileSync(join(folder, module_), "\n\ndef half(\n"),
    /sockets\.py:\d+:\d+: \S+ .*(expected|Expected|unexpected)/,
  ],
  [
    "a shell script that splits words, without an extension",
    (folder: string) => appendFileSync(join(folder, script), "\nrm -rf $1\n"),
    /netconform-engine:\d+:8: note: Double quote to prevent globbing and word splitting/,
  ],
  [
    "a step of the action that splits words",
    (folder: string) => {
      const action = join(folder, "action.yml");
      writeFileSync(
        action,
        readFileSync(action, "utf8").replace('"$COMMAND" "${chapters', '$COMMAND "${chapters'),
      );
    },
    /action\.yml, run:\n-:\d+:\d+: note: Double quote to prevent globbing/,
  ],
  [
    "a step of a workflow that does not parse",
    (folder: string) => {
      const step = { "runs-on": "x", steps: [{ run: "if true; then" }] };
      writeFileSync(join(folder, ".github/workflows/new.yml"), JSON.stringify({ jobs: { one: step } }));
    },
    /new\.yml, a step:\n(.*\n)*-:\d+:\d+: error: /,
  ],
  [
    "a shell script that is called so",
    (folder: string) => writeFileSync(join(folder, "new.sh"), "#!/bin/sh\n[[ -n $1 ]]\n"),
    /new\.sh:2:1: warning: In POSIX sh, \[\[ \]\] is undefined/,
  ],
])("%s fails the check", async (_, change, shown) => {
  const { code, said } = await lintedCopy(change);
  expect(code).not.toBe(0);
  expect(said).toMatch(shown);
});
