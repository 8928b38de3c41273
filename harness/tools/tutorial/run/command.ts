import type { Comparison } from "#harness/tools/tutorial/compare/compare.ts";
import { broken } from "#harness/tools/tutorial/compare/comparison.ts";
import type { Mapping } from "#harness/tools/tutorial/mapping/schema.ts";
import type { Step } from "#harness/tools/tutorial/parse/tutorial.ts";
import { listens } from "./terminal/listening.ts";
import type { Window } from "./terminal/window.ts";

export const deadlines = {
  /** For a command that ends by itself. */
  commandMs: 60_000,
  /** For one that ends by ^C to show what the text shows. */
  endlessMs: 12_000,
  /** For a shell after ^C, exit, or its first prompt. */
  promptMs: 10_000,
  listenMs: 5_000,
};

const interactiveShell =
  /^(?:sudo )?docker (exec|run)\b(?=.* -\w*i)(?=.* -\w*t)(?!.* -\w*d)(?!.* --detach\b).*\b(?:ba|a|da)?sh\s*$/;

/** Whether the command opens a shell in a container, in the window in which it is typed. */
export function entersContainer(command: string): boolean {
  return interactiveShell.test(command);
}

/** How a command ended, or how far it has come. */
export interface Ended {
  readonly output: string;
  /** Exit status; `undefined` where it was interrupted or goes on. */
  readonly code: number | undefined;
  readonly comparison: Comparison;
  /** Whether the window is in the container now that the command enters; `undefined` for other commands. */
  readonly entered?: boolean;
}

export interface CommandOptions {
  readonly window: Window;
  readonly step: Step;
  /** What is typed. */
  readonly command: string;
  readonly mapping: Mapping;
  /** Compares an output, which may still grow, with the text's. */
  readonly judge: (output: string, code: number | undefined) => Comparison;
}

/**
 * Types a command and follows it to its end: by itself, or by ^C once it shows what the text shows. One that the text does not end
 * is left running in its window.
 */
export async function runCommand(options: CommandOptions): Promise<Ended> {
  const { window, step, command, mapping } = options;
  if (entersContainer(command)) return enter(options);
  window.terminal.type(command);
  const endless = step.interrupted || mapping.endless.some((pattern) => pattern.test(step.command));
  return endless ? followEndless(options) : followToEnd(options);
}

/** Presses ^C; `false`, and the window is closed, when no prompt comes. */
export async function interrupt(window: Window): Promise<boolean> {
  const { terminal } = window;
  const back = await terminal.interrupt(deadlines.promptMs);
  if (back) {
    window.running = undefined;
    window.leftTo(terminal.prompt?.shell ?? "host");
  } else terminal.close();
  return back;
}

async function followToEnd(options: CommandOptions): Promise<Ended> {
  const { window, command, judge } = options;
  const { terminal } = window;
  if (await terminal.wait((prompt) => prompt !== undefined, deadlines.commandMs)) return finished(options);
  if (terminal.ended === undefined) {
    await interrupt(window);
    return failed(options, `expected it to end, got no end within ${deadlines.commandMs / 1000} s`);
  }
  if (!/^exit\b/.test(command)) return failed(options, `the shell ${terminal.ended}`);
  return { output: "", code: 0, comparison: judge("", 0) };
}

async function followEndless(options: CommandOptions): Promise<Ended> {
  const { window, step, command, mapping, judge } = options;
  const { terminal } = window;
  const port = mapping.listening.map((pattern) => pattern.exec(command)?.groups?.port).find(Boolean);
  if (port !== undefined && !(await listens(window.node, Number(port), terminal, deadlines.listenMs))) {
    if (terminal.prompt) return finished(options);
    return failed(
      options,
      `expected it to listen on port ${port}, got no listening socket within ${deadlines.listenMs / 1000} s`,
    );
  }
  const shown = (prompt: unknown) =>
    prompt !== undefined || judge(terminal.output, undefined).verdict !== "broken";
  await terminal.wait(shown, deadlines.endlessMs);
  if (terminal.prompt) return finished(options);
  if (!step.interrupted) {
    window.running = step;
    const { output } = terminal;
    return { output, code: undefined, comparison: judge(output, undefined) };
  }
  if (!(await interrupt(window))) return failed(options, "expected it to end with ^C, got no prompt");
  const { output } = terminal;
  return { output, code: undefined, comparison: judge(output, undefined) };
}

/** Enters a container: its shell gets a prompt of ours from the environment. */
async function enter({ window, step, command }: CommandOptions): Promise<Ended> {
  const { terminal } = window;
  const shell = window.nextShell();
  const start = /^(?:sudo )?docker \w+/.exec(command)?.[0] ?? "docker exec";
  terminal.type(`${start} -e PS1='${terminal.promptOf(shell)}'${command.slice(start.length)}`);
  const answered = await terminal.wait((prompt) => prompt !== undefined, deadlines.commandMs);
  const { prompt, output } = terminal;
  if (!answered || prompt?.shell !== shell) {
    const got = output.trim() || (answered ? `exit status ${prompt?.code}` : "nothing");
    if (!answered) terminal.close();
    const findings = [broken(`expected a shell in the container, got ${got}`)];
    return { output, code: prompt?.code, comparison: { verdict: "broken", findings }, entered: false };
  }
  await terminal.setUp("stty -echo", deadlines.promptMs);
  window.inside.push({ shell, step });
  return { output: "", code: undefined, comparison: { verdict: "same", findings: [] }, entered: true };
}

function finished({ window, judge }: CommandOptions): Ended {
  const { output, prompt } = window.terminal;
  window.leftTo(prompt?.shell ?? "host");
  return { output, code: prompt?.code, comparison: judge(output, prompt?.code) };
}

function failed({ window }: CommandOptions, text: string): Ended {
  const { output } = window.terminal;
  return { output, code: undefined, comparison: { verdict: "broken", findings: [broken(text)] } };
}
