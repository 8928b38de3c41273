import { HarnessError, messageOf, Nonconformance, UsageError } from "#harness/core/errors.ts";
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
  /** What a failed ADD has left: why each part of it was not taken back. */
  readonly cleanup: readonly Error[];
}

/**
 * A plugin that was run did not do its work: it reported an error, hung, or answered something that is no result.
 * The message carries what was run and what came back.
 */
export class PluginFailure extends Nonconformance {
  override name = "PluginFailure";
  // Private, because test runners print every property of an error beside its message.
  readonly #details: PluginFailureDetails;
  readonly #finding: readonly [expected: string, got: string];

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
      evidence: [describeInvocation(invocation), ...toldOf(cleanup)].join("\n"),
    });
    this.#details = { invocation, error, cleanup };
    this.#finding = [expected, got];
  }

  /** The same of an ADD that was not all taken back. */
  static notTakenBack(failure: PluginFailure, cleanup: readonly Error[]): PluginFailure {
    return new PluginFailure(failure.#details.invocation, ...failure.#finding, {
      ...failure.#details,
      cleanup,
    });
  }

  static detailsOf(failure: PluginFailure): PluginFailureDetails {
    return failure.#details;
  }
}

/** An ADD that the host did not do, and that was not all taken back. Says first why it was not done, which is its `cause`. */
export class NotTakenBack extends HarnessError {
  override name = "NotTakenBack";
  readonly #cleanup: readonly Error[];

  constructor(failure: unknown, cleanup: readonly Error[]) {
    super([messageOf(failure), ...toldOf(cleanup)].join("\n"), { cause: failure });
    this.#cleanup = cleanup;
  }

  static cleanupOf(failure: NotTakenBack): readonly Error[] {
    return failure.#cleanup;
  }
}

/** Why a failed ADD was not all taken back; nothing where it was. */
export function cleanupOf(failure: unknown): readonly Error[] {
  if (failure instanceof PluginFailure) return PluginFailure.detailsOf(failure).cleanup;
  return failure instanceof NotTakenBack ? NotTakenBack.cleanupOf(failure) : [];
}

function toldOf(cleanup: readonly Error[]): string[] {
  return cleanup.map(({ message }) => `what followed to take it back failed as well: ${message}`);
}
