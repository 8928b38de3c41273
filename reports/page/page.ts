import { readFileSync } from "node:fs";
import { join } from "node:path";
import { css, type Html, html } from "./html.ts";
import { link } from "./link.ts";

const sharedStyle = readFileSync(join(import.meta.dirname, "page.css"), "utf8");

export interface Page {
  /** The browser's title and the first heading. */
  title: string;
  body: Html;
  /** Below the heading: what this is and when it was made. */
  lead?: Html;
  /** Links below the heading. */
  links?: readonly { href: string; text: string }[];
  /** CSS of this page, after the shared one. */
  style?: string;
  /** At the end. */
  footer?: Html;
}

/**
 * A whole HTML document. It holds its style, has no script, and its content security policy keeps a browser from asking
 * the network for anything. Light and dark follow the reader's choice. Control characters that HTML forbids become `�`.
 */
export function renderPage({ title, body, lead, links = [], style = "", footer }: Page): string {
  const list = links.map(({ href, text }) => html`<li>${link(href, text)}</li>`);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>
${css(sharedStyle)}${css(style)}</style>
</head>
<body>
<a class="skip" href="#content">To the content</a>
<header>
<h1>${title}</h1>
${lead}
${list.length > 0 && html`<nav aria-label="On this page"><ul>${list}</ul></nav>`}
</header>
<main id="content" tabindex="-1">
${body}
</main>
${footer && html`<footer>${footer}</footer>`}
</body>
</html>
`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what HTML forbids
  return page.toString().replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "\ufffd");
}
