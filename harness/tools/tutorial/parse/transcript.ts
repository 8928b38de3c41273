import { UsageError } from "#harness/core/errors.ts";
import type { Block, Structure } from "./blocks.ts";
import { type CustomPrompt, namesHost, type PromptPlace, readPrompt } from "./prompt.ts";
import { type HostsInProse, hostBefore, pressesDetachKeys } from "./prose.ts";
import { unfinished } from "./shell-line.ts";

/** A command as a transcript has it. */
export interface TypedStep {
  /** User name at its prompt, where that has one. */
  readonly user: string | undefined;
  readonly kind: Block["kind"];
  /** First and last line in the file, counted from 1. */
  readonly line: number;
  readonly endLine: number;
  /** Last line of the fence or paragraph that it stands in. */
  readonly blockEnd: number;
  readonly place: PromptPlace;
  /** As it is typed; several lines where the text continues one. */
  readonly command: string;
  /** Output as printed, `^C` and remarks such as `<awaiting connection>` taken out. Empty where the text shows none. */
  readonly expected: readonly string[];
  /** Whether the text ends the command with `^C`. */
  readonly interrupted: boolean;
  /** Whether the text then leaves the container by the detach keys. */
  readonly detached: boolean;
  /** Remarks of the author in the output. */
  readonly remarks: readonly string[];
  readonly notes: readonly string[];
}

/** How a text is read that does not say everything at its prompts. */
export interface Reading {
  /** Prompts of the text's own. */
  readonly prompts?: readonly CustomPrompt[];
  /** How its sentences name hosts. */
  readonly hosts?: HostsInProse;
  /** Where a prompt without a host is until the text names one; afterwards it is where the text was last. */
  readonly start?: string;
}

const interrupt = /^\s*\^C(?<rest>.*)$/;
const remark = /^\s*(?:<[^<>]*>|(?:\.\s*){3,}|…|\[(?:\.{3}|…)\]|(?:\.{3}|…)\s?\w[\w ]*(?:\.{3}|…)?)\s*$/;
const transcriptLanguages = /^(console|shell-session|terminal)$/;

/** Prompts with what stands behind and below them, and with the host that the prose before them names. */
export function readTranscripts(
  file: string,
  { blocks, headings }: Structure,
  { prompts = [], hosts }: Reading,
): TypedStep[] {
  const programs = new Set(
    blocks
      .filter((block) => isTranscript(block, prompts))
      .flatMap(({ lines }) => lines.map((line) => firstWord(readPrompt(line, prompts)?.command ?? ""))),
  );
  return blocks.flatMap((block) => {
    const read = isTranscript(block, prompts)
      ? readBlock(file, block, prompts)
      : unprompted(file, block, programs);
    const host = hosts && read.length > 0 ? hostBefore(block, blocks, headings, hosts) : undefined;
    if (host === undefined) return read;
    return read.map((step): TypedStep => {
      const { kind } = step.place;
      return kind === "node" ? step : { ...step, place: { kind: kind === "unnamed" ? "node" : kind, host } };
    });
  });
}

/** Commands of a fence in which all prompts are forgotten: its first word is a program that the text runs elsewhere. */
function unprompted(file: string, block: Block, programs: ReadonlySet<string>): TypedStep[] {
  const first = firstWord(block.lines[0] ?? "");
  if (!transcriptLanguages.test(block.language) || first === "" || !programs.has(first)) return [];
  const lines = block.lines.map((line) => `$ ${line}`);
  const note = "a command without a prompt, in a fence of them";
  return readBlock(file, { ...block, lines }, []).map((step) => ({ ...step, notes: [...step.notes, note] }));
}

function firstWord(text: string): string {
  return /^\S+/.exec(text.trim())?.[0] ?? "";
}

/** Prose is a transcript only where a prompt names its host: nobody writes that in a sentence. */
function isTranscript({ kind, lines }: Block, custom: readonly CustomPrompt[]): boolean {
  return lines.some((line) =>
    kind === "prose" ? namesHost(line, custom) : readPrompt(line, custom) !== undefined,
  );
}

function readBlock(
  file: string,
  { kind, lines, line: first, end }: Block,
  custom: readonly CustomPrompt[],
): TypedStep[] {
  const steps: TypedStep[] = [];
  for (let at = 0; at < lines.length; ) {
    const prompt = readPrompt(lines[at] ?? "", custom);
    if (!prompt) {
      at++;
      continue;
    }
    const start = at;
    const typed = [prompt.command];
    for (let open = unfinished(typed); open; open = unfinished(typed)) {
      at++;
      if (at >= lines.length) {
        throw new UsageError(
          `${file}:${first + start}: expected ${describeEnd(open)} before line ${first + lines.length}, got the end of the transcript after: ${prompt.command}`,
        );
      }
      typed.push((lines[at] ?? "").replace(/^> ?/, ""));
    }
    at++;
    const shown: string[] = [];
    while (at < lines.length && !readPrompt(lines[at] ?? "", custom)) shown.push(lines[at++] ?? "");
    while (shown.at(-1)?.trim() === "") shown.pop();
    steps.push({
      kind,
      user: prompt.user,
      line: first + start,
      endLine: first + start + typed.length - 1 + shown.length,
      blockEnd: end,
      place: prompt.place,
      command: typed.join("\n"),
      ...readOutput(shown),
      notes: prompt.notes,
    });
  }
  return steps;
}

function describeEnd(open: NonNullable<ReturnType<typeof unfinished>>): string {
  if (open.kind === "here-document") return `the end of the here-document, ${open.word},`;
  return open.kind === "quote" ? `the closing ${open.quote}` : "the line that \\ announces";
}

function readOutput(
  shown: readonly string[],
): Pick<TypedStep, "expected" | "interrupted" | "detached" | "remarks"> {
  const remarks: string[] = [];
  let interrupted = false;
  let detached = false;
  const expected = shown.flatMap((line) => {
    if (pressesDetachKeys(line)) {
      detached = true;
      return [];
    }
    const stopped = interrupt.exec(line);
    if (stopped) {
      interrupted = true;
      const rest = stopped.groups?.rest ?? "";
      return rest.trim() === "" ? [] : [rest];
    }
    if (!remark.test(line)) return [line];
    remarks.push(line.trim());
    return [];
  });
  while (expected.at(-1)?.trim() === "") expected.pop();
  const printed = expected.some((line) => line.trim() !== "") ? expected : [];
  return { expected: printed, interrupted, detached, remarks };
}
