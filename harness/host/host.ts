import type { Duplex, Readable, Writable } from "node:stream";

/** What a finished command was and did. A non-zero exit is a value, not an error. */
export interface ExecResult {
  /** Name of the host it ran on, e.g. `node1` or `local`. */
  readonly host: string;
  readonly argv: readonly string[];
  /** Exit code; `null` when a signal ended it. */
  readonly code: number | null;
  /** Signal name without `SIG`, e.g. `KILL`. */
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
}

export interface ExecOptions {
  /** Written to stdin, which is then closed. */
  input?: string | Uint8Array;
  env?: Readonly<Record<string, string>>;
  /** Milliseconds; the command is killed afterwards and `DeadlineExceeded` is thrown. Default 60 000. */
  deadlineMs?: number;
}

/** A command that is still running. */
export interface RunningCommand {
  readonly argv: readonly string[];
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the command has ended; rejects with `ConnectionLost` when the host went away first. */
  readonly exit: Promise<{ code: number | null; signal: string | null }>;
  kill(signal?: "TERM" | "KILL" | "INT"): void;
  /** From now on it does not keep this process alive. On another host it does not anyway: the connection does. */
  unref?(): void;
}

/** Files on a host, as root sees them. Paths are absolute. */
export interface HostFiles {
  read(path: string): Promise<Buffer>;
  readText(path: string): Promise<string>;
  write(path: string, content: string | Uint8Array, mode?: number): Promise<void>;
  exists(path: string): Promise<boolean>;
  remove(path: string): Promise<void>;
}

/**
 * A machine on which commands run: a cluster node over SSH, or this machine (`LocalHost`).
 * Commands are argv arrays; nothing is ever glued into a shell string by a caller.
 */
export interface Host {
  readonly name: string;
  readonly files: HostFiles;
  /** Runs to the end. Throws `ConnectionLost` or `DeadlineExceeded`, never for a non-zero exit. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** Like `exec`, but a non-zero exit throws `CommandFailed`: for what the harness itself needs. Resolves to stdout. */
  run(argv: readonly string[], options?: ExecOptions): Promise<string>;
  spawn(argv: readonly string[], options?: Pick<ExecOptions, "env">): Promise<RunningCommand>;
  /** A stream to a unix socket on the host, as root. Throws `ConnectionLost`, and where nobody listens there. */
  connectSocket(path: string): Promise<Duplex>;
}
