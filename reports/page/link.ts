import { type Html, type HtmlValue, html } from "./html.ts";

/** Stands for the folder of a page: what is relative to it stays there. */
const folder = "http://report.invalid";

/**
 * A link. Where data gives an address that no report may lead to, as `javascript:` or a machine without a scheme, only the
 * content stays.
 */
export function link(
  href: string,
  content: HtmlValue,
  { rel, title }: { rel?: string; title?: string } = {},
): Html {
  if (!isSafe(href)) return html`${content}`;
  const more = [rel !== undefined && html` rel="${rel}"`, title !== undefined && html` title="${title}"`];
  return html`<a href="${href}"${more}>${content}</a>`;
}

/** A picture that lies beside the page; its text alone where data gives an address that no report may lead to. */
export function picture(href: string, alt: string): Html {
  if (!isSafe(href)) return html`${alt}`;
  return html`<img src="${href}" alt="${alt}" style="max-width: 100%; height: auto">`;
}

/** Whether an address is of the web, or relative to the page. Parsed as browsers do it. */
function isSafe(href: string): boolean {
  if (URL.canParse(href)) return ["http:", "https:"].includes(new URL(href).protocol);
  return URL.canParse(href, folder) && new URL(href, folder).origin === folder;
}

/** A relative path as a link: each part encoded. */
export function encodePath(path: string): string {
  return path
    .split("/")
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join("/");
}

/** A text as an `id` and, after `#`, as a link to it: letters, digits, `.`, `@`, `-` and `_` stay. */
export function anchorOf(text: string): string {
  return text.replaceAll(/[^\w.@-]+/g, "-");
}
