import { raw as markAsHtml, html as render } from "hono/html";

/** HTML, escaped already. A `string` is none: only `html`, `css` and `raw` make it. */
export interface Html {
  readonly isEscaped: true;
  toString(): string;
}

/** What a template takes: text and numbers are escaped, HTML stays, `undefined` and `false` leave nothing. */
export type HtmlValue = string | number | Html | undefined | false | readonly HtmlValue[];

/** A template that escapes every value which is not HTML. Values of attributes stand in quotes. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const rendered = render(strings, ...values);
  if (rendered instanceof Promise)
    throw new TypeError("expected values of a template that are there, got a promise");
  return rendered;
}

/** Parts as lines; one that is `undefined` leaves its line empty. */
export function lines(parts: readonly (Html | undefined)[]): Html {
  return html`${parts.map((part, index) => [index > 0 && "\n", part])}`;
}

/** Text that is HTML already, as another renderer has made and escaped it. */
export function raw(text: string): Html {
  return markAsHtml(text);
}

/** A style sheet of the project for `<style>`, where nothing can be escaped. Throws when it would end the element. */
export function css(text: string): Html {
  if (/<\/style/i.test(text)) throw new TypeError("expected a style sheet, got one that ends its element");
  return markAsHtml(text);
}
