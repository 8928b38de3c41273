import type { Scope } from "#harness/core/async/scope.ts";
import type { Host } from "./host.ts";

/** Runs a command on the host, and another one that takes it back when `scope` closes. Throws `CommandFailed`. */
export async function withUndo(
  scope: Scope,
  host: Host,
  argv: readonly string[],
  undo: readonly string[],
): Promise<void> {
  await host.run(argv);
  scope.defer(`${argv.join(" ")} on ${host.name}`, () => host.run(undo));
}
