import { HarnessError } from "#harness/core/errors.ts";
import type { ExecResult } from "./host.ts";
import { formatCommand } from "./shell.ts";

/** A command that the harness itself needs exited non-zero. */
export class CommandFailed extends HarnessError {
  override name = "CommandFailed";
  readonly result: ExecResult;
  constructor(result: ExecResult, why = "a command the harness needs failed") {
    const output = [result.stderr, result.stdout]
      .map((text) => text.trim())
      .filter(Boolean)
      .join("\n");
    super(
      `${why}: ${result.host}$ ${formatCommand(result.argv)}\n  exit ${result.code ?? result.signal} after ${Math.round(result.durationMs)} ms\n  ${output || "(no output)"}`,
    );
    this.result = result;
  }
}
