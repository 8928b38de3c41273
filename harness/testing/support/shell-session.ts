import type { ProcessPromise } from "zx/core";
import { until } from "#harness/core/async/poll.ts";
import { $, environmentWith } from "#harness/host/local/zx.ts";

/** A shell whose command lines complete. */
export type Shell = "bash" | "zsh";

/**
 * Starts of the shells without anything of this machine's users, and with a key, Ctrl-X Ctrl-L, that shows the
 * command line, and one, Ctrl-X Ctrl-K, that empties it. Ctrl-U would be lost: the terminal takes it for its own
 * where it comes while zsh prints.
 */
const shells = {
  bash: {
    command: "bash --noprofile --norc -i",
    setUp: [
      "bind 'set bell-style none' 'set page-completions off' 'set completion-query-items 0'",
      `bind '"\\C-x\\C-k": kill-whole-line'`,
      `bind -x '"\\C-x\\C-l": printf "\\nLINE<%s>\\n" "$READLINE_LINE"'`,
    ],
  },
  zsh: {
    command: "zsh -f -i",
    setUp: [
      'bindkey -e; bindkey "^X^K" kill-whole-line; unsetopt automenu; LISTMAX=0',
      'show() { zle -I; print -r -- "LINE<$BUFFER>" }; zle -N show; bindkey "^X^L" show',
    ],
  },
} as const;

const showLine = "\u0018\u000c";
const emptyLine = "\u0018\u000b";

/** A shell on a terminal of its own, in which command lines are typed. */
export class ShellSession implements AsyncDisposable {
  readonly #running: ProcessPromise;
  #said = "";

  private constructor(running: ProcessPromise) {
    this.#running = running;
    running.stdout.on("data", (bytes: Buffer) => {
      this.#said += bytes.toString();
    });
  }

  /** Starts the shell in a folder, with these variables, and has it read `lines`. */
  static async start(
    shell: Shell,
    { cwd, env, lines }: { cwd: string; env: NodeJS.ProcessEnv; lines: readonly string[] },
  ): Promise<ShellSession> {
    const { command, setUp } = shells[shell];
    const argv = ["script", "--quiet", "--flush", "--return", "--command", command, "/dev/null"];
    const own = { TERM: "dumb", PS1: "> ", HISTFILE: undefined, INPUTRC: "/dev/null", ...env };
    const session = new ShellSession($({ cwd, env: environmentWith(own), stdio: "pipe" })`${argv}`);
    for (const line of [...setUp, ...lines, 'printf "%s\\n" rea""dy']) session.#type(`${line}\n`);
    await session.#sees(`${shell} to be ready`, /^ready\r?$/m);
    return session;
  }

  /** The command line after `typed` and a press of Tab. */
  async complete(typed: string): Promise<string> {
    return (await this.#press(typed, "\t")).line;
  }

  /** What is listed after `typed` where several words can follow: everything that the shell has shown. */
  async list(typed: string): Promise<string> {
    return (await this.#press(typed, "\t\t")).shown;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#type(`${emptyLine}exit\n`);
    await this.#running;
  }

  async #press(typed: string, keys: string): Promise<{ line: string; shown: string }> {
    this.#said = "";
    this.#type(`${typed}${keys}${showLine}`);
    const [shown, line = ""] = await this.#sees(`completion of ${typed}`, /^[\s\S]*LINE<(.*)>\r?\n/);
    this.#type(emptyLine);
    return { line, shown };
  }

  async #sees(what: string, pattern: RegExp): Promise<RegExpExecArray> {
    return until(
      { what, deadlineMs: 30_000 },
      () => pattern.exec(this.#said) ?? undefined,
      () => this.#said,
    );
  }

  #type(text: string): void {
    this.#running.stdin.write(text);
  }
}
