/** Where the line behind a prompt is typed. */
export type PromptPlace =
  /** On the node of that name, as the text calls it. */
  | { readonly kind: "node"; readonly host: string }
  /** In the container that the text has entered; on `host`, where the prose before names one. */
  | { readonly kind: "container"; readonly host?: string }
  /** At a prompt that names no host. */
  | { readonly kind: "unnamed" };

/** A line that starts with a prompt. */
export interface PromptLine {
  readonly place: PromptPlace;
  /** User name, where the prompt has one. */
  readonly user: string | undefined;
  /** What is typed, without the prompt; empty for a prompt alone. */
  readonly command: string;
  /** What is odd about the prompt. */
  readonly notes: readonly string[];
}

/** A prompt of the reader's own: `pattern` has the group `command`, and `host` where it names a node. */
export interface CustomPrompt {
  readonly pattern: RegExp;
  readonly place: PromptPlace["kind"];
}

const qualified =
  /^\s?(?<lead>(?:[$%]\s+)*)\[?(?<user>[a-z_][\w-]*)@(?<host>[\w.-]+)(?:[: ][^\]$#]*)?\]?[$#](?:\s+(?<command>.*))?$/;
const containerShell = /^\s?(?:\/[\w./-]*|~)\s[#$](?:\s+(?<command>.*))?$/;
const namedShell = /^\s?(?:ba|a|da)?sh-\d[\d.]*[#$](?:\s+(?<command>.*))?$/;
const unnamed = /^\s?\$(?:\s+(?<command>.*))?$/;
const containerId = /^[0-9a-f]{12}$/;

/** Reads a line as prompt and command; `undefined` for any other line. */
export function readPrompt(line: string, custom: readonly CustomPrompt[] = []): PromptLine | undefined {
  for (const { pattern, place } of custom) {
    const groups = pattern.exec(line)?.groups;
    if (!groups) continue;
    const { host } = groups;
    const where: PromptPlace =
      place === "node" && host !== undefined
        ? { kind: "node", host }
        : { kind: place === "container" ? place : "unnamed" };
    return { place: where, user: undefined, command: groups.command ?? "", notes: [] };
  }
  const full = qualified.exec(line)?.groups;
  if (full) {
    const notes = full.lead ? [`a prompt before the prompt: "${full.lead.trim()}"`] : [];
    const { command, extra } = withoutExtra(full.command ?? "");
    if (extra) notes.push(`a second prompt behind the prompt: "${extra}"`);
    const host = full.host ?? "";
    const place: PromptPlace = containerId.test(host) ? { kind: "container" } : { kind: "node", host };
    return { place, user: full.user, command, notes };
  }
  const inside = containerShell.exec(line)?.groups ?? namedShell.exec(line)?.groups;
  if (inside)
    return { place: { kind: "container" }, user: undefined, command: trimmed(inside.command), notes: [] };
  const bare = unnamed.exec(line)?.groups;
  if (!bare) return undefined;
  const { command, extra } = withoutExtra(bare.command ?? "");
  const notes = extra ? [`a second prompt behind the prompt: "${extra}"`] : [];
  return { place: { kind: "unnamed" }, user: undefined, command, notes };
}

/** Whether a line starts with a prompt that names its host, which prose never does. */
export function namesHost(line: string, custom: readonly CustomPrompt[] = []): boolean {
  return readPrompt(line, custom)?.place.kind === "node";
}

function withoutExtra(command: string): { command: string; extra: string } {
  const extra = /^(?:[$#]\s+)+/.exec(command)?.[0] ?? "";
  return { command: trimmed(command.slice(extra.length)), extra: extra.trim() };
}

function trimmed(command = ""): string {
  return command.trim();
}

/** The note for a user name that lost its beginning, as a slip of the mouse leaves it: `agrant` where others say `vagrant`. */
export function noteOfUser(user: string, others: readonly string[]): string | undefined {
  const whole = others.find(
    (other) => other !== user && other.length - user.length <= 2 && other.endsWith(user),
  );
  return whole === undefined ? undefined : `the prompt says "${user}@", elsewhere "${whole}@"`;
}
