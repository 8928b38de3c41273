import type Docker from "dockerode";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { until, within } from "#harness/core/async/poll.ts";
import type { Workload } from "#harness/workload/workload.ts";

/** Calls `found` with each process of runc and each id of `$@`. */
const eachOfRunc = `
each_of_runc() {
  for comm in /proc/[0-9]*/comm; do
    read -r name 2>/dev/null <"$comm" || continue
    case $name in runc*) ;; *) continue ;; esac
    for id in "$@"; do
      found "\${comm%/comm}" "$id" "$name"
    done
  done
}
`;

/**
 * Stops the first process of each container whose id is an argument, where it waits in the pipe `exec.fifo` of runc for the word to begin. That
 * wait is short, so it is looked for without a pause. They go on when its stdin ends.
 */
const hold = `${eachOfRunc}
first_process() {
  case $3 in runc:*INIT*) grep -q "$2" "$1/cgroup" 2>/dev/null ;; *) false ;; esac
}
hold() {
  found() {
    case $3 in runc:*INIT*) ;; *) return ;; esac
    case $(cat "$1/wchan" 2>/dev/null) in *partner* | fifo_open) ;; *) return ;; esac
    first_process "$@" && kill -STOP "\${1#/proc/}"
  }
  while :; do each_of_runc "$@"; done
}
hold "$@" &
loop=$!
cat >/dev/null
kill "$loop"
wait "$loop"
found() { first_process "$@" && kill -CONT "\${1#/proc/}"; }
each_of_runc "$@"
`;

/**
 * Writes the id of each container, of its arguments, whose first process is stopped, and `word ID` where runc waits for that process: only then is
 * the network made, and the engine waits for nothing else.
 */
const look = `${eachOfRunc}
found() {
  case $3 in
    runc:*INIT*) grep -q "$2" "$1/cgroup" && grep -q "^State:.T" "$1/status" && echo "stopped $2" ;;
    *) tr "\\0" " " <"$1/cmdline" | grep -q "start $2 $" && echo "word $2" ;;
  esac 2>/dev/null
}
each_of_runc "$@"
true
`;

/** The moment in which a process can be held passes sooner than a busy node looks. */
const mostStarts = 8;
const heldMs = 90_000;
const endMs = 30_000;

/** Starts that do not go on: the network of the containers is made, and their first processes have not begun. */
export interface HeldStarts {
  /** Of how many the engine has not answered. */
  readonly held: number;
  /** Lets the first processes begin; resolves when they may. */
  readonly letGo: () => Promise<void>;
  /** Resolves to how many starts the engine never answered; it has ended then, or let them go on. */
  readonly cutOff: Promise<number>;
}

/**
 * Starts containers that have stopped, all at once, and holds each before its first process begins. One that could not be held in time is
 * stopped and started again, a few times; then it runs.
 * Where the engine's runtime is not runc, or the kernel does not tell what a process waits for, none is held. Throws `DeadlineExceeded` where one
 * neither starts nor is held.
 */
export async function startAndHold(node: ClusterNode, stopped: readonly Workload[]): Promise<HeldStarts> {
  const ids = stopped.map(({ id }) => id);
  const command = await node.spawn(["sh", "-c", hold, "sh", ...ids]);
  command.stdin.on("error", () => {});
  command.stdout.resume();
  command.stderr.resume();
  const letGo = async () => {
    command.stdin.end();
    await within({ what: `held processes on ${node.name} to go on`, deadlineMs: endMs }, command.exit);
  };
  const answered = new Set<string>();
  const starts = ids.map((id) => untilCutOff(node.docker.getContainer(id)).finally(() => answered.add(id)));
  const cutOff = Promise.all(starts).then((all) => all.filter((isCutOff) => isCutOff).length);
  const what = `${ids.length} containers on ${node.name} to run, or to be held before their first process`;
  try {
    const held = await until({ what, deadlineMs: heldMs }, async () => {
      const open = ids.filter((id) => !answered.has(id));
      const seen = await node.run(["sh", "-c", look, "sh", ...open]);
      const isHeld = (id: string) => seen.includes(`stopped ${id}\n`) && seen.includes(`word ${id}\n`);
      return open.every(isHeld) && { count: open.length };
    });
    return { held: held.count, letGo, cutOff };
  } catch (error) {
    await letGo();
    throw error;
  }
}

/** Resolves to whether the engine has ended before it answered; else it refused the container, or that runs. */
async function untilCutOff(container: Docker.Container): Promise<boolean> {
  for (let started = 1; ; started++) {
    let runs = false;
    try {
      await container.start();
      runs = true;
      if (started === mostStarts) return false;
      await container.stop({ t: 0 });
    } catch (error) {
      // What the engine itself refuses has an answer.
      return !runs && (error as { statusCode?: number }).statusCode === undefined;
    }
  }
}
