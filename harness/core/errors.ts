import type { Cause } from "./failure/cause.ts";

/**
 * The harness, the environment or the network under it broke: the outcome is `error`, never `failed`.
 * `hint` says what the user can do next, `because` names a cause that several requirements may share.
 */
export class HarnessError extends Error {
  override name = "HarnessError";
  readonly hint: string | undefined;
  readonly because: Cause | undefined;
  constructor(message: string, options: { hint?: string; cause?: unknown; because?: Cause } = {}) {
    super(options.hint ? `${message}\n  next: ${options.hint}` : message, { cause: options.cause });
    this.hint = options.hint;
    this.because = options.because;
  }
}

/** The user asked for something that does not exist or cannot be: exit code 2. */
export class UsageError extends HarnessError {
  override name = "UsageError";
}

/** The connection to a host went away; `lastKnown` is the last thing that host was seen doing. */
export class ConnectionLost extends HarnessError {
  override name = "ConnectionLost";
  constructor(host: string, lastKnown: string, cause?: unknown) {
    super(`${lossOf(host)}; last known: ${lastKnown}`, { cause, because: lossCause(host) });
  }
}

/** A host that had been reached before cannot be reached again; waiting for something on it is of no use. */
export class HostUnreachable extends HarnessError {
  override name = "HostUnreachable";
  constructor(host: string, lastKnown: string, cause: Error) {
    super(`${lossOf(host)}; last known: ${lastKnown}\n  and it cannot be made again: ${cause.message}`, {
      cause,
      because: lossCause(host),
    });
  }
}

const lossOf = (host: string) => `the SSH connection to ${host} was lost`;
const lossCause = (host: string): Cause => ({ kind: "connection lost", what: lossOf(host) });

/** Whether a connection went away, itself or in what caused the error: what was asked for may have been done or not. */
export function isLoss(error: unknown): boolean {
  if (error instanceof ConnectionLost || error instanceof HostUnreachable) return true;
  return error instanceof Error && isLoss(error.cause);
}

/** What was thrown says of itself. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** A condition did not come true before its named deadline. Which outcome that is depends on who waited. */
export class DeadlineExceeded extends HarnessError {
  override name = "DeadlineExceeded";
}

/** Whether what was waited for did not come, though the last look for it could be made: one that could not tells nothing of it. */
export function didNotCome(error: unknown): error is DeadlineExceeded {
  return error instanceof DeadlineExceeded && error.cause === undefined;
}

/** The probe could not do its work (its positive control failed, its tool is missing): says nothing about the plugin. */
export class ProbeFailed extends HarnessError {
  override name = "ProbeFailed";
}

/**
 * The plugin broke a rule: the outcome is `failed`.
 * The message always reads "who: expected X, got Y" and carries the commands that showed it. `because` names a cause that
 * several requirements may share.
 */
export class Nonconformance extends Error {
  override name = "Nonconformance";
  readonly because: Cause | undefined;
  constructor(finding: {
    who: string;
    expected: string;
    got: string;
    evidence?: string | undefined;
    because?: Cause | undefined;
  }) {
    super(
      `${finding.who}: expected ${finding.expected}, got ${finding.got}${finding.evidence ? `\n${finding.evidence}` : ""}`,
    );
    this.because = finding.because;
  }
}

/** What was removed is still there, or would not go. Where an engine never asked for it, that is no fault of the plugin's. */
export class NotGone extends Nonconformance {
  override name = "NotGone";
}

/** An engine refused what it was told to do, in its own words. Where a plugin had refused the engine, that is among them. */
export class EngineRefused extends Nonconformance {
  override name = "EngineRefused";
}

/**
 * The recording proves that an engine never made a call that it owed the plugin: the outcome is `engine at fault`, and the plugin is not
 * charged. `because` names the engine and the call.
 */
export class EngineAtFault extends Error {
  override name = "EngineAtFault";
  readonly because: Cause;
  constructor(message: string, options: { because: Cause; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.because = options.because;
  }
}

/** The environment lacks what the requirement needs: the outcome is `blocked`, with the reason. */
export class Blocked extends Error {
  override name = "Blocked";
}

/** The driver does not declare the capability: the outcome is `unsupported`. */
export class Unsupported extends Error {
  override name = "Unsupported";
}

/**
 * Nothing happened of what the rule is about, so that it was neither kept nor broken: the outcome is `not run`, and the other
 * tests of the requirement decide.
 */
export class NothingSeen extends Error {
  override name = "NothingSeen";
}
