import { PluginFailure } from "#harness/cni/protocol/errors.ts";
import { describeEnd, type Invocation, reportedError } from "#harness/cni/protocol/invocation.ts";
import { type AddResult, type CniError, readAddResult } from "#harness/cni/protocol/result.ts";
import type { Flaw } from "#harness/cni/rules/answer-rules.ts";
import type { CallChanges, Container } from "#harness/cni/testbed/container.ts";
import type { Testbed } from "#harness/cni/testbed/testbed.ts";

/** The plugin must have done its work. `what` reads after "expected": "success of a second DEL". */
export function expectSuccess(invocation: Invocation, what = "success"): void {
  if (invocation.code !== 0) throw new PluginFailure(invocation, what, describeEnd(invocation));
}

/** The plugin must have refused by itself: not by a hang, a signal or an exit code of 0. */
export function expectFailure(invocation: Invocation, why: string): void {
  const { code, timedOut, signal } = invocation;
  if (timedOut || code === null) {
    throw new PluginFailure(invocation, `an error because ${why}`, timedOut ? "a hang" : `signal ${signal}`);
  }
  if (code === 0) throw new PluginFailure(invocation, `a non-zero exit because ${why}`, "exit 0");
}

/** As `expectFailure`, and the error must be reported as the specification has it. */
export function expectError(invocation: Invocation, why: string): CniError {
  expectFailure(invocation, why);
  const reported = reportedError(invocation);
  if ("error" in reported) return reported.error;
  throw new PluginFailure(invocation, "a JSON error object on stdout", reported.reason);
}

/** The plugin's answer to ADD as the specification has it. */
export function expectResult(invocation: Invocation): AddResult {
  expectSuccess(invocation);
  const read = readAddResult(invocation.stdout);
  if (read.ok) return read.value;
  throw new PluginFailure(invocation, "a result in JSON on stdout", read.reason);
}

/** A container that the plugin has attached; what the test is about comes after this. */
export async function attach(
  testbed: Testbed,
  changes: CallChanges = {},
  container?: Container,
): Promise<{ container: Container; result: AddResult; invocation: Invocation }> {
  const attached = container ?? (await testbed.container());
  const invocation = await testbed.call("ADD", attached, changes);
  expectSuccess(invocation, "ADD to succeed");
  if (!attached.result) throw new PluginFailure(invocation, "a result", "none that can be read");
  return { container: attached, result: attached.result, invocation };
}

/** Throws where an answer has that flaw. */
export function expectNoFlaw(invocation: Invocation, flaw: Flaw | undefined): void {
  if (flaw) throw violation(invocation, flaw.expected, flaw.got);
}

/** A rule was broken in what the plugin did or said. */
export function violation(invocation: Invocation, expected: string, got: string): PluginFailure {
  return new PluginFailure(invocation, expected, got);
}
