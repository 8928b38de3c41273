import { expect } from "vitest";

const attack = (place: string) => `"'><script>${place}.</script></style> &amp; " onload="x"\u0000`;
const asText = (place: string) =>
  `&quot;&#39;&gt;&lt;script&gt;${place}.&lt;/script&gt;&lt;/style&gt; &amp;amp; &quot; onload=&quot;x&quot;\ufffd`;

/** Texts that would leave an element, an attribute or a style sheet, and the places of a page at which they were put. */
export class HostileTexts {
  readonly #places: string[] = [];

  /** A text for a place of that name. */
  at(place: string): string {
    this.#places.push(place);
    return attack(place);
  }

  /**
   * Fails unless the page shows the text of every place, and shows no text as anything else than text. Of the places that are
   * `notVerbatim` it may show the text encoded, in parts, or not at all.
   */
  expectEscaped(page: string, ...notVerbatim: string[]): void {
    const verbatim = this.#places.filter((place) => !notVerbatim.includes(place));
    expect(verbatim.filter((place) => !page.includes(asText(place)))).toEqual([]);
    const rest = this.#places.reduce((text, place) => text.replaceAll(asText(place), ""), page);
    expect(rest).not.toContain("<script");
    expect(rest).not.toContain('onload="');
    expect(rest.match(/<\/style/g)).toHaveLength(1);
    expect(page).not.toContain("\u0000");
  }
}
