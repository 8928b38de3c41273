import { broken } from "#harness/tools/tutorial/compare/comparison.ts";
import { onOneLine } from "#harness/tools/tutorial/parse/shell-line.ts";
import type { Window } from "./terminal/window.ts";
import { type CommandOptions, deadlines, type Ended } from "./typed-command.ts";

const interactive =
  /^(?:sudo )?docker (?:container )?(?:exec|run)\b(?=.* -\w*i)(?=.* -\w*t)(?!.* -\w*d)(?!.* --detach\b)/;
const start = /^(?:sudo )?docker (?:container )?\w+/;
const attaching = /^(?:sudo )?docker (?:container )?attach (?:.* )?(?<container>[\w.-]+)$/;
const shell = /^(?:.*\/)?(?:ba|a|da)?sh$/;

/**
 * Whether the command opens a shell in a container, in the window in which it is typed. `images` are those whose containers
 * run a shell where the command names nothing else.
 */
export function entersContainer(command: string, images: readonly string[]): boolean {
  const typed = onOneLine(command).trim();
  if (attaching.test(typed)) return true;
  const last = typed.split(/\s+/).at(-1) ?? "";
  const runs = /\bdocker (?:container )?run\b/.test(typed) && images.includes(last.replace(/:latest$/, ""));
  return interactive.test(typed) && (shell.test(last) || runs);
}

/** Enters a container: its shell gets a prompt of ours. */
export async function enterContainer(options: CommandOptions): Promise<Ended> {
  const { window, step, command } = options;
  const { terminal } = window;
  const name = window.nextShell();
  const container = attaching.exec(onOneLine(command))?.groups?.container;
  let answered: boolean;
  if (container === undefined) {
    const head = start.exec(command)?.[0] ?? "docker exec";
    terminal.type(`${head} -e PS1='${terminal.promptOf(name)}'${command.slice(head.length)}`);
    answered = await terminal.wait((prompt) => prompt !== undefined, deadlines.commandMs);
  } else {
    terminal.type(command);
    // A shell that runs already has a prompt of its own, which it does not repeat for who comes later.
    answered = (await awaitsInput(window, container))
      ? await terminal.setUp(`PS1='${terminal.promptOf(name)}'`, deadlines.promptMs)
      : await terminal.wait((prompt) => prompt !== undefined, deadlines.commandMs);
  }
  const { prompt, output } = terminal;
  if (!answered || prompt?.shell !== name) {
    const got = output.trim() || (answered ? `exit status ${prompt?.code}` : "nothing");
    if (!answered) terminal.close();
    const findings = [broken(`expected a shell in the container, got ${got}`)];
    return { output, code: prompt?.code, comparison: { verdict: "broken", findings }, entered: false };
  }
  await terminal.setUp("stty -echo", deadlines.promptMs);
  window.inside.push({ shell: name, step });
  return { output: "", code: undefined, comparison: { verdict: "same", findings: [] }, entered: true };
}

/** Whether something in the container reads what is typed there. */
async function awaitsInput({ node }: Window, container: string): Promise<boolean> {
  const format = "{{.State.Running}} {{.Config.OpenStdin}} {{.Config.Tty}}";
  const found = await node.exec(["docker", "container", "inspect", "--format", format, container]);
  return found.stdout.trim() === "true true true";
}

/** Presses the detach keys; `false`, and the window is closed, when the shell around the container does not come back. */
export async function leaveContainer(window: Window): Promise<boolean> {
  const { terminal } = window;
  const inside = window.inside.at(-1)?.shell;
  terminal.press("\u0010\u0011");
  const left = await terminal.wait(
    (prompt) => prompt !== undefined && prompt.shell !== inside,
    deadlines.promptMs,
  );
  if (left) window.leftTo(terminal.prompt?.shell ?? "host");
  else terminal.close();
  return left;
}
