import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LocalHost } from "#harness/host/local/local-host.ts";
import {
  describeEnd,
  describeInvocation,
  type Invocation,
  invokePlugin,
  outputLimit,
  pluginSearchPath,
  reportedError,
  reproduceInvocation,
  shorten,
} from "./invocation.ts";

const failed = { cniVersion: "1.1.0", code: 7, msg: "invalid configuration", details: "no bridge" };

function ended(changes: Partial<Invocation>): Invocation {
  return {
    ...{ host: "node1", plugin: "bridge", command: "ADD", path: "/opt/bridge", prefix: [], stdin: "{}" },
    ...{ env: { CNI_COMMAND: "ADD" }, stdout: "", stderr: "", code: 1, signal: null, timedOut: false },
    ...{ dropped: { stdout: 0, stderr: 0 }, startedAt: 0, durationMs: 12.4 },
    ...changes,
  };
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "netconform-invocation-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a plugin that is this shell script. */
async function invoke(
  script: string,
  more: { deadlineMs?: number; env?: Record<string, string>; stdin?: string } = {},
) {
  const path = join(folder, "plugin");
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return invokePlugin(new LocalHost(), { plugin: "mine", path, env: {}, stdin: "", ...more });
}

describe("a call of a plugin", () => {
  test("hands over stdin and nothing but CNI variables and PATH", async () => {
    const made = { env: { CNI_COMMAND: "ADD", CNI_IFNAME: "eth0" }, stdin: '{"name":"n"}' };
    const begin = performance.now();
    const invocation = await invoke("cat; env | sort >&2; exit 3", made);
    expect(invocation).toMatchObject({
      ...{ plugin: "mine", command: "ADD", ...made, stdout: made.stdin, code: 3, signal: null },
      ...{ timedOut: false, dropped: { stdout: 0, stderr: 0 }, prefix: [] },
    });
    const env = invocation.stderr.split("\n").filter((line) => /^(CNI_|PATH|HOME|USER)/.test(line));
    expect(env).toEqual(["CNI_COMMAND=ADD", "CNI_IFNAME=eth0", `PATH=${pluginSearchPath}`]);
    expect(invocation.durationMs).toBeGreaterThan(0);
    expect(invocation.durationMs).toBeLessThanOrEqual(performance.now() - begin);
  });

  test("without a command says so", async () => {
    expect(await invoke("exit 0")).toMatchObject({ command: "(none)", code: 0, timedOut: false });
  });

  test("that is killed by somebody else has not timed out", async () => {
    expect(await invoke("kill -KILL $$")).toMatchObject({ timedOut: false });
    expect(await invoke("kill -TERM $$")).toMatchObject({ timedOut: false });
  });

  test("that never ends is killed at its deadline", async () => {
    expect(await invoke("echo begun; exec sleep 600", { deadlineMs: 300 })).toMatchObject({
      ...{ timedOut: true, stdout: "begun\n" },
    });
  });

  test("whose child holds its output is given up a little after its deadline", {
    timeout: 30_000,
  }, async () => {
    const child = join(folder, "child");
    const invocation = await invoke(`setsid sh -c 'echo $$ >${child}; exec sleep 600' & echo done`, {
      deadlineMs: 3_000,
    });
    process.kill(Number(await readFile(child, "utf8")), "SIGKILL");
    expect(invocation).toMatchObject({ code: null, signal: "KILL", timedOut: true, stdout: "done\n" });
  });

  test("keeps as much output as the limit, and counts what is beyond", async () => {
    const { stdout, stderr, dropped, code } = await invoke(
      `head -c ${outputLimit + 70_000} /dev/zero | tr '\\0' a; head -c ${outputLimit} /dev/zero | tr '\\0' b >&2`,
    );
    expect([code, stdout.length, stderr.length]).toEqual([0, outputLimit, outputLimit]);
    expect(dropped).toEqual({ stdout: 70_000, stderr: 0 });
  });
});

describe("the error object of a call", () => {
  test.each<[string, Partial<Invocation>, object]>([
    ["on stdout", { stdout: JSON.stringify(failed) }, { error: failed }],
    [
      "with fields that nobody knows",
      { stdout: '{"code":1,"msg":"x","more":1}' },
      { error: { code: 1, msg: "x", more: 1 } },
    ],
    [
      "on stderr",
      { stderr: JSON.stringify(failed) },
      { reason: "the error object on stderr instead of stdout" },
    ],
    ["nowhere", { stderr: "no" }, { reason: "no JSON on stdout (nothing)" }],
    // JSON on stderr that is no error object, such as a line of a log.
    ["nowhere, beside a log", { stderr: '{"level":"info"}' }, { reason: "no JSON on stdout (nothing)" }],
    [
      "of another form",
      { stdout: '{"code":"7","msg":"x"}' },
      { reason: "JSON that is no CNI error object (code: Invalid input: expected number, received string)" },
    ],
  ])("is found %s", (_where, changes, found) => {
    expect(reportedError(ended(changes))).toEqual(found);
  });
});

test.each<[string, Partial<Invocation>]>([
  ["exit 0", { code: 0, stdout: JSON.stringify(failed) }],
  ["exit 1", { stdout: "garbage" }],
  ["exit 1, code 7: invalid configuration; no bridge", { stdout: JSON.stringify(failed) }],
  ["exit 1, code 7: invalid", { stdout: '{"code":7,"msg":"invalid"}' }],
  ["signal SEGV", { code: null, signal: "SEGV" }],
  ["no answer within 2000 ms, killed", { code: null, signal: "KILL", timedOut: true, durationMs: 2000.4 }],
  [
    "no answer within 2000 ms, killed",
    { stdout: JSON.stringify(failed), timedOut: true, durationMs: 1999.6 },
  ],
])("a call ends with %j", (told, changes) => {
  expect(describeEnd(ended(changes))).toBe(told);
});

describe("a call in a message", () => {
  test("has what was run, how it ended and what came back", () => {
    expect(describeInvocation(ended({ stdout: " out\n", stderr: "\n err " }))).toBe(
      [
        `  node1$ printf %s '{}' | env -i PATH=${pluginSearchPath} CNI_COMMAND=ADD /opt/bridge`,
        "  exit 1 after 12 ms",
        "  stdout: out",
        "  stderr: err",
      ].join("\n"),
    );
  });

  test("says that there was nothing, and how much was dropped", () => {
    const lines = (changes: Partial<Invocation>) => describeInvocation(ended(changes)).split("\n").slice(2);
    expect(lines({ stderr: " \n" })).toEqual(["  stdout: (nothing)"]);
    expect(lines({ stdout: "\n", dropped: { stdout: 5, stderr: 2 } })).toEqual([
      "  stdout: (nothing)",
      "  7 more bytes of output were dropped",
    ]);
  });

  test("has a line that a shell runs again as it was", async () => {
    const invocation = await invoke('cat; env | grep CNI | sort; echo "$0"', {
      env: { CNI_COMMAND: "ADD", CNI_ARGS: "A=it's;B=$x" },
      stdin: `{"name":"a b's %s"}`,
    });
    const again = await new LocalHost().exec(["sh", "-c", reproduceInvocation(invocation)]);
    expect(again.stdout).toBe(invocation.stdout);
    expect(again.stdout).toContain("CNI_ARGS=A=it's;B=$x");
    expect(reproduceInvocation(ended({ prefix: ["ip", "netns", "exec", "n 1"] }))).toContain(
      " | ip netns exec 'n 1' env -i PATH=",
    );
  });
});

test("a text is told whole up to the limit, and of a longer one how much is left out", () => {
  expect(shorten("abcd", 4)).toBe("abcd");
  expect(shorten("abcde", 4)).toBe("abcd… [1 more characters]");
  expect(shorten("a".repeat(1500))).toBe("a".repeat(1500));
  expect(shorten("a".repeat(1510))).toBe(`${"a".repeat(1500)}… [10 more characters]`);
});
