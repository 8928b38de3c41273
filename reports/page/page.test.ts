import { expect, test } from "vitest";
import { anchorOf, badge, escapeHtml, renderPage } from "./page.ts";

test("text of a plugin cannot become markup", () => {
  const hostile = `<script>alert("1")</script> & 'x'\u0000`;
  expect(escapeHtml(hostile)).toBe(
    "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;\ufffd",
  );
  const page = renderPage({
    title: hostile,
    body: badge("bad", hostile),
    links: [{ href: `#"><script>`, text: hostile }],
  });
  expect(page).not.toContain("<script");
});

test("a page holds all that it needs and forbids the rest", () => {
  const page = renderPage({ title: "A page", body: "<p>text</p>", lead: "<p>lead</p>", footer: "end" });
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(page).not.toMatch(/@import|url\(/);
  expect(page).toContain('<main id="content" tabindex="-1">\n<p>text</p>');
});

test("an anchor stays readable", () => {
  expect(anchorOf("overlay@26.1 › M4/x")).toBe("overlay@26.1-M4-x");
});
