import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { crashOf } from "#harness/cni/protocol/crash.ts";
import { PluginFailure } from "#harness/cni/protocol/errors.ts";
import { describeInvocation, type Invocation, invokePlugin } from "#harness/cni/protocol/invocation.ts";
import { checkAdd, checkRefusal, checkVersion, type RuleFlaw } from "#harness/cni/rules/answer-rules.ts";
import { parseNetworkConfig } from "#harness/cni/runtime/config.ts";
import { CniRuntime } from "#harness/cni/runtime/runtime.ts";
import { readResult } from "#harness/cni/testbed/container.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { Ends, trial, trialMs } from "#harness/testing/garbage/trial.ts";
import {
  asked,
  honest,
  honestError,
  malformedAdd,
  malformedRefusal,
  malformedVersion,
  type Output,
} from "./outputs.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-garbage-"));
afterAll(() => rmSync(folder, { recursive: true }));

function invocationOf(output: Output): Invocation {
  return {
    ...{
      host: "local",
      plugin: "garbage",
      command: "ADD",
      path: join(folder, "garbage"),
      prefix: [],
      env: {},
    },
    ...{ stdin: "{}", dropped: { stdout: 0, stderr: 0 }, startedAt: 0, durationMs: 1 },
    ...output,
  };
}

/** What else is made of an answer while a test runs, whatever it is. */
function tellAll(invocation: Invocation): void {
  expect(describeInvocation(invocation).length).toBeLessThan(20_000);
  crashOf(invocation);
  // As the next call is given it.
  JSON.stringify(readResult(invocation, asked.version));
}

function judged(
  what: string,
  made: fc.Arbitrary<Output>,
  check: (invocation: Invocation) => RuleFlaw[],
): void {
  const ends = new Ends(what);
  fc.assert(
    fc.property(made, (output) => {
      const invocation = invocationOf(output);
      tellAll(invocation);
      const flaws = check(invocation);
      expect(flaws).not.toEqual([]);
      ends.add(flaws.map(({ requirement }) => requirement));
    }),
    trial<[Output]>(),
  );
  ends.tell();
}

describe("a CNI plugin's answers", { timeout: trialMs }, () => {
  test("that keep the rules pass", () => {
    const done = { code: 0, signal: null, timedOut: false, stderr: "" };
    const answer = (value: unknown, more: object = {}) =>
      invocationOf({ ...done, ...more, stdout: JSON.stringify(value) });
    expect(checkAdd(answer(honest), asked)).toEqual([]);
    expect(checkRefusal(answer(honestError, { code: 1 }))).toEqual([]);
    expect(
      checkVersion(answer({ cniVersion: "1.1.0", supportedVersions: ["1.0.0", "1.1.0"] }), "1.1.0"),
    ).toEqual([]);
  });

  test("to ADD that are malformed end in a rule each", () => {
    judged("malformed answers of a CNI plugin to ADD", malformedAdd, (made) => checkAdd(made, asked));
  });

  test("to calls that cannot be done end in a rule each, where they are malformed", () => {
    judged("malformed refusals of a CNI plugin", malformedRefusal, checkRefusal);
  });

  test("to VERSION that are malformed end in a rule each", () => {
    judged("malformed answers of a CNI plugin to VERSION", malformedVersion, (made) =>
      checkVersion(made, "1.1.0"),
    );
  });

  test("from programs that print them are judged as such, and fail the runtime's ADD", async () => {
    const plugin = join(folder, "garbage");
    writeFileSync(plugin, `#!/bin/sh\ncat ${folder}/stderr >&2\ncat ${folder}/stdout\n. ${folder}/end\n`);
    chmodSync(plugin, 0o755);
    const host = new LocalHost();
    const network = parseNetworkConfig(
      '{ "cniVersion": "1.1.0", "name": "n", "plugins": [{ "type": "garbage" }] }',
    );
    const runtime = new CniRuntime({ host, path: [folder], cacheFolder: join(folder, "cache") });
    const attachment = { containerId: "c", netns: asked.netns, ifName: asked.ifName };
    // A hang takes as long as its deadline, which is another test's.
    const made = malformedAdd.filter(({ timedOut }) => !timedOut);
    await fc.assert(
      fc.asyncProperty(made, async (output) => {
        writeFileSync(join(folder, "stdout"), output.stdout);
        writeFileSync(join(folder, "stderr"), output.stderr);
        writeFileSync(
          join(folder, "end"),
          output.code === null ? `kill -${output.signal?.slice(3)} $$` : `exit ${output.code}`,
        );
        const invocation = await invokePlugin(host, {
          plugin: "garbage",
          path: plugin,
          env: { CNI_COMMAND: "ADD" },
          stdin: "{}",
        });
        tellAll(invocation);
        expect(checkAdd(invocation, asked)).not.toEqual([]);
        // What is a result for the runtime has a flaw that only the suite looks for.
        const added = await runtime.add(network, attachment).catch((error: unknown) => error);
        if (!(added instanceof PluginFailure)) expect(readResult(invocation, "1.1.0")).toEqual(added);
      }),
      trial<[Output]>(0.03),
    );
  });

  test("that never come are given up at the deadline", async () => {
    const path = join(folder, "silent");
    writeFileSync(path, "#!/bin/sh\nexec sleep 600\n");
    chmodSync(path, 0o755);
    const invocation = await invokePlugin(new LocalHost(), {
      ...{ plugin: "silent", path, env: { CNI_COMMAND: "ADD" }, stdin: "{}", deadlineMs: 200 },
    });
    expect(invocation.timedOut).toBe(true);
    expect(checkAdd(invocation, asked)).toMatchObject([{ requirement: "CNI-1" }, { requirement: "CNI-2a" }]);
  });
});
