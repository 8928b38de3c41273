import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/**
 * A process that cannot be mistaken for a later one with the same pid: `pid:start`, where the start is in clock ticks since
 * boot, or in milliseconds since 1970 on systems without /proc.
 */
export type ProcessIdentity = string;

/** The identity of a living process; `undefined` when there is none with that pid, or when it has ended and awaits its parent. */
export function identify(pid: number): ProcessIdentity | undefined {
  return existsSync("/proc/self/stat") ? identifyByProc(pid) : identifyByPs(pid);
}

/** The states of proc_pid_stat(5) of a thread that has ended: a zombie, and one that is being removed. */
const ended: ReadonlySet<string> = new Set(["Z", "X", "x"]);

/** Whether a process holds nothing any more: the first of its threads may have ended while others still close its files. */
function hasEnded(state: string, threads: number): boolean {
  return ended.has(state) && threads <= 1;
}

function identifyByProc(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name, in parentheses, may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state = ""] = fields;
    return hasEnded(state, Number(fields[17])) ? undefined : `${pid}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

/** The same where there is no /proc, e.g. on macOS. */
export function identifyByPs(pid: number): ProcessIdentity | undefined {
  try {
    const started = execFileSync("/bin/ps", ["-o", "lstart=", "-p", String(pid)], {
      encoding: "utf8",
      env: { LC_ALL: "C", TZ: "UTC" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    return `${pid}:${Date.parse(`${started.trim()} UTC`)}`;
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

/** Processes of this machine in whose environment `entry`, e.g. `MARK=1`, stands; none where the system does not show environments. */
export function processesWith(entry: string): number[] {
  let pids: string[];
  try {
    pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return pids.map(Number).filter((pid) => {
    try {
      return `\0${readFileSync(`/proc/${pid}/environ`, "utf8")}`.includes(`\0${entry}\0`);
    } catch {
      return false;
    }
  });
}
