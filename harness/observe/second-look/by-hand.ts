import type { ExecResult, Host } from "#harness/host/host.ts";
import { formatCommand } from "#harness/host/shell.ts";
import { lookMs } from "./view.ts";

/** A command by which a person sees a failure, and how one tells that it shows. */
export interface ByHand {
  readonly host: Host;
  readonly argv: readonly string[];
  /** Whether what the command did shows the failure. */
  readonly shows: (result: ExecResult) => boolean;
  /** It needs something that the check needs too, as a port of the client: it is run when the check is not made. */
  readonly apart?: true;
}

const runs = 3;

/** `node1$ ping -c1 10.1.2.2`, as people type it. */
export function commandOf({ host, argv }: Pick<ByHand, "host" | "argv">): string {
  return `${host.name}$ ${formatCommand(argv)}`;
}

/** `  reproduce: node1$ ping -c1 10.1.2.2`. */
export function lineOf(line: Pick<ByHand, "host" | "argv">): string {
  return `  reproduce: ${commandOf(line)}`;
}

/**
 * Runs the line in new shells as it is printed, three at once. Resolves to `confirmed 3/3` when each of them shows the failure, else to
 * `not reproducible by hand` with how many did. One that does not end in time shows nothing; every command ends by itself before `lookMs`.
 */
export async function confirm({ host, argv, shows }: ByHand, deadlineMs: number = lookMs): Promise<string> {
  const line = formatCommand(argv);
  const shown = await Promise.all(
    Array.from({ length: runs }, () =>
      host.exec(["bash", "-c", line], { deadlineMs }).then(shows, () => false),
    ),
  );
  const count = shown.filter(Boolean).length;
  return count === runs ? `confirmed ${count}/${runs}` : `not reproducible by hand (${count}/${runs})`;
}
