import { type Html, type HtmlValue, html } from "./html.ts";

/** How a mark looks: `good` green, `bad` red, `odd` for what broke elsewhere, `warn` for what wants a look, `muted` grey. */
export type Tone = "good" | "bad" | "odd" | "warn" | "muted";

/** A word on a coloured background. */
export function badge(tone: Tone, text: string): Html {
  return html`<span class="badge ${tone}">${text}</span>`;
}

/** A part of a page with its heading, to which `#id` leads. */
export function section(id: string, title: string, body: HtmlValue): Html {
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${body}</section>`;
}

/** A table that scrolls by itself where the screen is too narrow; `labelledBy` is the id of its heading. */
export function scrollable(labelledBy: string, table: Html): Html {
  return html`<div class="scroll" role="region" aria-labelledby="${labelledBy}" tabindex="0">${table}</div>`;
}

export interface Details {
  /** What stands there while the rest is folded away. */
  summary: string;
  /** Whether it is unfolded at first. */
  open?: boolean;
  className?: string;
}

/** Something that a reader unfolds. */
export function details({ summary, open = false, className }: Details, body: HtmlValue): Html {
  const classes = className !== undefined && html` class="${className}"`;
  return html`<details${classes}${open && " open"}><summary>${summary}</summary>${body}</details>`;
}
