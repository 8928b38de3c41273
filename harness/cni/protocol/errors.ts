import { Nonconformance, UsageError } from "#harness/core/errors.ts";
import type { Invocation } from "./invocation.ts";
import { describeInvocation } from "./invocation.ts";
import type { CniError } from "./result.ts";

/** The user's configuration or plugin folder is wrong, not the plugin: outcome `error`, exit code 2. */
export class ConfigurationError extends UsageError {
  override name = "ConfigurationError";
}

/** The call behind a failure, for programs; the message has it for people. */
export interface PluginFailureDetails {
  readonly invocation: Invocation;
  /** What the plugin reported, where it was a CNI error object. */
  readonly error?: CniError | undefined;
  /** Failures of the DELs that followed a failed ADD. */
  readonly cleanup: readonly PluginFailure[];
}

/**
 * A plugin that was run did not do its work: it reported an error, hung, or answered something that is no result.
 * The message carries what was run and what came back.
 */
export class PluginFailure extends Nonconformance {
  override name = "PluginFailure";
  // Private, because test runners print every property of an error beside its message.
  readonly #details: PluginFailureDetails;

  constructor(
    invocation: Invocation,
    expected: string,
    got: string,
    { error, cleanup = [] }: Partial<PluginFailureDetails> = {},
  ) {
    super({
      who: `${invocation.command} of ${invocation.plugin}`,
      expected,
      got,
      evidence: [
        describeInvocation(invocation),
        ...cleanup.map((failure) => `the DEL that followed failed as well: ${failure.message}`),
      ].join("\n"),
    });
    this.#details = { invocation, error, cleanup };
  }

  static detailsOf(failure: PluginFailure): PluginFailureDetails {
    return failure.#details;
  }
}
