import { AsyncLocalStorage } from "node:async_hooks";
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { ExecResult } from "./host.ts";
import { formatCommand } from "./shell.ts";

/** One thing that was done to a host, in the order in which it ended. */
export interface TranscriptEntry extends ExecResult {
  /** Id of the requirement on whose behalf it ran, where there was one. */
  readonly requirement?: string;
}

/** Longest stdout or stderr kept per command, in characters; the rest is cut and said to be cut. */
const outputLimit = 16_384;

interface Recorder {
  requirement: string | undefined;
  entries: TranscriptEntry[];
  underWay: Set<{ host: string; argv: readonly string[]; begun: number }>;
}

const current = new AsyncLocalStorage<Recorder>();
let runFile: string | undefined;
let echo = false;

/** Appends every command from now on to `path` as JSON lines; `verbose` also prints them to stderr. */
export function openTranscript(path: string, verbose = false): void {
  mkdirSync(dirname(path), { recursive: true });
  runFile = path;
  echo = verbose;
}

/**
 * Runs `work`; commands that it causes are also collected in the returned list, also when it throws. `underWay` tells those that
 * have not ended, one line each: `node1$ sleep 1000 (for 12.3 s)`.
 */
export function recordCommands<T>(
  requirement: string | undefined,
  work: () => Promise<T>,
): { entries: TranscriptEntry[]; underWay: () => string[]; done: Promise<T> } {
  const recorder: Recorder = { requirement, entries: [], underWay: new Set() };
  const underWay = () =>
    [...recorder.underWay].map(({ host, argv, begun }) => {
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      return `${host}$ ${formatCommand(argv)} (for ${seconds} s)`;
    });
  return { entries: recorder.entries, underWay, done: current.run(recorder, work) };
}

/** Every host calls this when a command begins, and what it returns when that has ended, however it did. */
export function beginCommand(host: string, argv: readonly string[]): () => void {
  const recorder = current.getStore();
  const command = { host, argv, begun: performance.now() };
  recorder?.underWay.add(command);
  return () => void recorder?.underWay.delete(command);
}

/** Every host calls this once per finished command. */
export function recordCommand(result: ExecResult): void {
  const recorder = current.getStore();
  const entry: TranscriptEntry = {
    ...result,
    stdout: cut(result.stdout),
    stderr: cut(result.stderr),
    ...(recorder?.requirement === undefined ? {} : { requirement: recorder.requirement }),
  };
  recorder?.entries.push(entry);
  if (runFile) appendFileSync(runFile, `${JSON.stringify(entry)}\n`);
  if (echo) process.stderr.write(`${describeEntry(entry)}\n`);
}

/** One line for people: `node1$ ip link → 0 (7 ms)`. */
export function describeEntry(entry: ExecResult): string {
  return `${entry.host}$ ${formatCommand(entry.argv)} → ${entry.code ?? entry.signal} (${Math.round(entry.durationMs)} ms)`;
}

function cut(text: string): string {
  return text.length <= outputLimit
    ? text
    : `${text.slice(0, outputLimit)}\n[cut: ${text.length - outputLimit} more characters]`;
}
