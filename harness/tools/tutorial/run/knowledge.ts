import type { MadeObject } from "#harness/tools/tutorial/compare/comparison.ts";
import { ipv4 } from "#harness/tools/tutorial/compare/patterns.ts";
import { wholeWord } from "#harness/tools/tutorial/mapping/apply.ts";
import type { Mapping } from "#harness/tools/tutorial/mapping/schema.ts";
import { onOneLine } from "#harness/tools/tutorial/parse/shell-line.ts";
import type { Step } from "#harness/tools/tutorial/parse/tutorial.ts";

const makers = [
  /^docker (?:container )?(?:run|create) .*--name[= ](\S+)/,
  /^docker service create .*--name[= ](\S+)/,
  /^docker network create .*?(\S+)$/,
  /^netctl (?:net|network) create .*?(\S+)$/,
  /^netctl tenant create (\S+)/,
  /^netctl policy create (\S+)/,
  /^netctl group create \S+ (\S+)/,
  /^netctl policy rule-add \S+ (\S+)/,
];
const removers = /^docker (?:(?:container|network|service) )?rm (?<names>.+)$/;
const tenantOption = /^netctl .*\s(?:-t|--?tenant)[ =](\S+)/;

/** What a run has learned: which live address stands for which of the text's, what was made, what was exported. */
export class Knowledge {
  readonly made = new Map<string, MadeObject>();
  /** Lines that should have made something and did not, by its name. */
  readonly #failures = new Map<string, number>();
  readonly #addresses = new Map<string, string>();
  readonly #exports = new Map<string, string[]>();
  readonly #typed: string[] = [];
  readonly #printed: { command: string; output: string }[] = [];

  /** Later pairs replace earlier ones: texts use an address again in another network. */
  learn(expected: string, observed: string): void {
    if (expected !== observed || this.#addresses.has(expected)) this.#addresses.set(expected, observed);
  }

  /** A command with the addresses that the reader would have looked up; values with a prefix length are no hosts. */
  substitute(command: string, notes: string[]): string {
    return command.replaceAll(new RegExp(`${ipv4.source}(?!/)`, "g"), (address) => {
      const live = this.#addresses.get(address);
      if (live === undefined || live === address) return address;
      notes.push(`${address} is ${live} here`);
      return live;
    });
  }

  /** Keeps what a command of the text has printed, for the placeholders of later ones. */
  printed(command: string, output: string): void {
    this.#printed.push({ command: onOneLine(command), output });
  }

  /**
   * A command with what the text leaves to the reader filled in from what was printed before, and the first placeholder
   * for which there is nothing.
   */
  fillIn(
    command: string,
    placeholders: Mapping["placeholders"],
    notes: string[],
  ): { command: string; missing: string | undefined } {
    let [filled, missing] = [command, undefined as string | undefined];
    for (const { text, command: source, output } of placeholders) {
      if (!filled.includes(text)) continue;
      const value = this.#printed
        .filter((printed) => source.test(printed.command))
        .flatMap((printed) => output.exec(printed.output)?.groups?.value ?? [])
        .at(-1);
      if (value === undefined) missing ??= text;
      else {
        notes.push(`${text} is ${value} here`);
        filled = filled.replaceAll(text, () => value);
      }
    }
    return { command: filled, missing };
  }

  /** Whether a command so far had this value in it. */
  given(value: string): boolean {
    return this.#typed.some((command) => command.includes(value));
  }

  /** Subnets that commands so far had in them, the last one first. */
  get subnets(): string[] {
    return this.#typed
      .flatMap((command) => /(?:--subnet[= ]|\s-s )(\d+\.\d+\.\d+\.\d+\/\d+)/.exec(command)?.[1] ?? [])
      .reverse();
  }

  /** The line that should have made what the command speaks of, and did not. */
  causeOf(command: string): number | undefined {
    const own = nameMadeBy(onOneLine(command));
    return [...this.#failures].find(([name]) => name !== own && wholeWord(name).test(command))?.[1];
  }

  exported(node: string, command: string): void {
    this.#exports.set(node, [...this.exportsOn(node), command]);
  }

  exportsOn(node: string): readonly string[] {
    return this.#exports.get(node) ?? [];
  }

  remember(step: Step, how: Pick<MadeObject, "succeeded" | "replaced">): void {
    const command = onOneLine(step.command);
    this.#typed.push(command);
    const removed = removers.exec(command)?.groups?.names ?? "";
    if (how.succeeded) for (const name of removed.split(/\s+/)) this.made.delete(name);
    const name = nameMadeBy(command);
    if (name === undefined) return;
    if (how.succeeded) this.#failures.delete(name);
    else this.#failures.set(name, step.line);
    // What exists already stays made when a later attempt to make it is refused.
    if (this.made.get(name)?.succeeded && !how.succeeded) return;
    this.made.set(name, { line: step.line, ...how });
  }
}

/** The name of what a command makes, with its tenant as Docker shows it. */
function nameMadeBy(command: string): string | undefined {
  const name = makers.map((pattern) => pattern.exec(command)?.[1]).find(Boolean);
  const tenant = tenantOption.exec(command)?.[1];
  return name === undefined || tenant === undefined ? name : `${name}/${tenant}`;
}
