import { readFileSync } from "node:fs";
import { join } from "node:path";

const sharedStyle = readFileSync(join(import.meta.dirname, "page.css"), "utf8");

/** How a mark looks: `good` green, `bad` red, `odd` for what broke elsewhere, `warn` for what wants a look, `muted` grey. */
export type Tone = "good" | "bad" | "odd" | "warn" | "muted";

export interface Page {
  /** Plain text: the browser's title and the first heading. */
  title: string;
  /** HTML. */
  body: string;
  /** HTML below the heading: what this is and when it was made. */
  lead?: string;
  /** Links below the heading; `text` is plain. */
  links?: readonly { href: string; text: string }[];
  /** CSS of this page, after the shared one. */
  style?: string;
  /** HTML at the end. */
  footer?: string;
}

/**
 * A whole HTML document. It holds its style, has no script, and its content security policy keeps a browser from asking
 * the network for anything. Light and dark follow the reader's choice.
 */
export function renderPage({ title, body, lead, links = [], style = "", footer }: Page): string {
  const policy =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";
  const list = links.map(
    ({ href, text }) => `<li><a href="${escapeHtml(href)}">${escapeHtml(text)}</a></li>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>
${sharedStyle}${style}</style>
</head>
<body>
<a class="skip" href="#content">To the content</a>
<header>
<h1>${escapeHtml(title)}</h1>
${lead ?? ""}
${list.length > 0 ? `<nav aria-label="On this page"><ul>${list.join("")}</ul></nav>` : ""}
</header>
<main id="content" tabindex="-1">
${body}
</main>
${footer === undefined ? "" : `<footer>${footer}</footer>`}
</body>
</html>
`;
}

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it may stand in HTML, in attributes too. Control characters that HTML forbids become `�`. */
export function escapeHtml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what HTML forbids
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "\ufffd")
      .replaceAll(/[&<>"']/g, (character) => entities[character] ?? character)
  );
}

/** A word on a coloured ground. */
export function badge(tone: Tone, text: string): string {
  return `<span class="badge ${tone}">${escapeHtml(text)}</span>`;
}

/** A text as an `id` and, after `#`, as a link to it: letters, digits, `.`, `@`, `-` and `_` stay. */
export function anchorOf(text: string): string {
  return text.replaceAll(/[^\w.@-]+/g, "-");
}
