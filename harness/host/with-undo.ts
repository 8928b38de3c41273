import type { Scope } from "#harness/core/async/scope.ts";
import { isLoss } from "#harness/core/errors.ts";
import type { Host } from "./host.ts";

/**
 * Runs a command on the host, and another one that takes it back when `scope` closes. Throws `CommandFailed`. Where the connection was
 * lost while one of them ran nobody knows whether it was done: the undo runs once more, and may find nothing to take back.
 */
export async function withUndo(
  scope: Scope,
  host: Pick<Host, "name" | "exec" | "run">,
  argv: readonly string[],
  undo: readonly string[],
): Promise<void> {
  const what = `${argv.join(" ")} on ${host.name}`;
  let certain = true;
  const takeBack = async () => {
    try {
      await (certain ? host.run(undo) : host.exec(undo));
    } catch (error) {
      if (isLoss(error)) certain = false;
      throw error;
    }
  };
  try {
    await host.run(argv);
  } catch (error) {
    if (isLoss(error)) {
      certain = false;
      scope.defer(what, takeBack);
    }
    throw error;
  }
  scope.defer(what, takeBack);
}
