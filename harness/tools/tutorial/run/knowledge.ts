import type { MadeObject } from "#harness/tools/tutorial/compare/comparison.ts";
import { ipv4 } from "#harness/tools/tutorial/compare/patterns.ts";
import { wholeWord } from "#harness/tools/tutorial/mapping/apply.ts";
import type { Step } from "#harness/tools/tutorial/parse/tutorial.ts";

const makers = [
  /^docker run .*--name[= ](\S+)/,
  /^docker network create .*?(\S+)$/,
  /^netctl (?:net|network) create .*?(\S+)$/,
  /^netctl tenant create (\S+)/,
  /^netctl policy create (\S+)/,
  /^netctl group create \S+ (\S+)/,
  /^netctl policy rule-add \S+ (\S+)/,
];
const tenantOption = /^netctl .*\s(?:-t|--?tenant)[ =](\S+)/;

/** What a run has learned: which live address stands for which of the text's, what was made, what was exported. */
export class Knowledge {
  readonly made = new Map<string, MadeObject>();
  /** Lines that should have made something and did not, by its name. */
  readonly #failures = new Map<string, number>();
  readonly #addresses = new Map<string, string>();
  readonly #exports = new Map<string, string[]>();
  readonly #typed: string[] = [];

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
    const own = nameMadeBy(command);
    return [...this.#failures].find(([name]) => name !== own && wholeWord(name).test(command))?.[1];
  }

  exported(node: string, command: string): void {
    this.#exports.set(node, [...this.exportsOn(node), command]);
  }

  exportsOn(node: string): readonly string[] {
    return this.#exports.get(node) ?? [];
  }

  remember(step: Step, how: Pick<MadeObject, "succeeded" | "replaced">): void {
    this.#typed.push(step.command);
    const name = nameMadeBy(step.command);
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
