import { broken } from "#harness/tools/tutorial/compare/comparison.ts";
import { enterContainer, entersContainer } from "./container-shell.ts";
import { listens } from "./terminal/listening.ts";
import type { Window } from "./terminal/window.ts";
import { type CommandOptions, deadlines, type Ended } from "./typed-command.ts";

/**
 * Types a command and follows it to its end: by itself, or by ^C once it shows what the text shows. One that the text does not end
 * is left running in its window.
 */
export async function runCommand(options: CommandOptions): Promise<Ended> {
  const { window, step, command, mapping } = options;
  if (entersContainer(command, Object.keys(mapping.images))) return enterContainer(options);
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

function finished({ window, judge }: CommandOptions): Ended {
  const { output, prompt } = window.terminal;
  window.leftTo(prompt?.shell ?? "host");
  return { output, code: prompt?.code, comparison: judge(output, prompt?.code) };
}

function failed({ window }: CommandOptions, text: string): Ended {
  const { output } = window.terminal;
  return { output, code: undefined, comparison: { verdict: "broken", findings: [broken(text)] } };
}
