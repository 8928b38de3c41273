import { readFileSync } from "node:fs";

/** A process that cannot be mistaken for a later one with the same pid: `pid:start time in clock ticks since boot`. */
export type ProcessIdentity = string;

/** The identity of a living process; `undefined` when there is none with that pid. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name, in parentheses, may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return `${pid}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

export function ownIdentity(): ProcessIdentity {
  return identify(process.pid) ?? `${process.pid}:0`;
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identify(Number(identity.split(":")[0])) === identity;
}
