import { Nonconformance, UsageError } from "#harness/errors.ts";
import type { Invocation } from "./invocation.ts";
import { describeInvocation } from "./invocation.ts";
import type { CniError } from "./result.ts";

/** The user's configuration or plugin folder is wrong, not the plugin: outcome `error`, exit code 2. */
export class ConfigurationError extends UsageError {
  override name = "ConfigurationError";
}

/**
 * A plugin that was run did not do its work: it reported an error, hung, or answered something that is no result.
 * The message carries what was run and what came back.
 */
export class PluginFailure extends Nonconformance {
  override name = "PluginFailure";
  readonly #invocation: Invocation;
  readonly #error: CniError | undefined;
  readonly #cleanup: readonly PluginFailure[];

  constructor(
    invocation: Invocation,
    expected: string,
    got: string,
    details: { error?: CniError | undefined; cleanup?: readonly PluginFailure[] } = {},
  ) {
    const cleanup = details.cleanup ?? [];
    super({
      who: `${invocation.command} of ${invocation.plugin}`,
      expected,
      got,
      evidence: [
        describeInvocation(invocation),
        ...cleanup.map((failure) => `the DEL that followed failed as well: ${failure.message}`),
      ].join("\n"),
    });
    this.#invocation = invocation;
    this.#error = details.error;
    this.#cleanup = cleanup;
  }

  get invocation(): Invocation {
    return this.#invocation;
  }

  /** What the plugin reported, where it was a CNI error object. */
  get error(): CniError | undefined {
    return this.#error;
  }

  /** Failures of the DELs that followed a failed ADD. */
  get cleanup(): readonly PluginFailure[] {
    return this.#cleanup;
  }
}
