/** What a shell still waits for after the lines so far; `undefined` when the command is whole. */
export type Unfinished =
  | { readonly kind: "here-document"; readonly word: string; readonly stripTabs: boolean }
  | { readonly kind: "continuation" }
  | { readonly kind: "quote"; readonly quote: string };

/** A command with its continued lines put together, as patterns are matched against it. */
export function onOneLine(command: string): string {
  return command.replaceAll(/\s*\\\n\s*/g, " ");
}

/** Reads a command's lines as far as needed to know whether a shell would ask for more. */
export function unfinished(lines: readonly string[]): Unfinished | undefined {
  const pending: { word: string; stripTabs: boolean }[] = [];
  let quote = "";
  let continued = false;
  for (const line of lines) {
    const [document] = pending;
    if (document) {
      const text = document.stripTabs ? line.replace(/^\t+/, "") : line;
      if (text === document.word) pending.shift();
      continue;
    }
    const read = scan(line, quote);
    quote = read.quote;
    continued = read.continued;
    pending.push(...read.documents);
  }
  const [document] = pending;
  if (document) return { kind: "here-document", ...document };
  if (quote) return { kind: "quote", quote };
  return continued ? { kind: "continuation" } : undefined;
}

function scan(line: string, open: string) {
  const documents: { word: string; stripTabs: boolean }[] = [];
  let quote = open;
  let continued = false;
  for (let at = 0; at < line.length; at++) {
    const rest = line.slice(at);
    const character = line[at];
    if (quote) {
      if (character === "\\" && quote === '"') at++;
      else if (character === quote) quote = "";
      continue;
    }
    if (character === "\\") {
      continued = at === line.length - 1;
      at++;
    } else if (character === "'" || character === '"') quote = character;
    else if (character === "#" && (at === 0 || /\s/.test(line[at - 1] ?? ""))) break;
    else if (rest.startsWith("<<<")) at += 2;
    else {
      const found = /^<<(-?)\s*(['"]?)([A-Za-z_][\w.-]*)\2/.exec(rest);
      if (!found) continue;
      documents.push({ word: found[3] ?? "", stripTabs: found[1] === "-" });
      at += found[0].length - 1;
    }
  }
  return { quote, continued, documents };
}
