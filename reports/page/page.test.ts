import { expect, test } from "vitest";
import { HostileTexts } from "#harness/testing/support/hostile.ts";
import { html } from "./html.ts";
import { renderPage } from "./page.ts";
import { badge, details, section } from "./parts.ts";

test("text of a plugin cannot become markup in any part of a page", () => {
  const texts = new HostileTexts();
  const page = renderPage({
    title: texts.at("title"),
    lead: html`<p class="${texts.at("class")}">${texts.at("lead")}</p>`,
    links: [{ href: `#${texts.at("href")}`, text: texts.at("link") }],
    body: section(
      texts.at("id"),
      texts.at("heading"),
      details({ summary: texts.at("summary"), className: texts.at("details") }, [
        badge("bad", texts.at("badge")),
        texts.at("body"),
      ]),
    ),
    footer: html`${texts.at("footer")}`,
  });
  texts.expectEscaped(page);
});

test("a link that would run a script is none", () => {
  const links = [{ href: "javascript:alert(1)", text: "a plugin's page" }];
  const page = renderPage({ title: "A page", body: html`<p>text</p>`, links });
  expect(page).toContain("<li>a plugin&#39;s page</li>");
  expect(page).not.toContain("javascript:");
});

test("a style sheet cannot end the head", () => {
  const style = "</style><script>alert(1)</script>";
  expect(() => renderPage({ title: "A page", body: html``, style })).toThrow("expected a style sheet");
});

test("a page holds all that it needs and forbids the rest", () => {
  const page = renderPage({
    title: "A page",
    body: html`<p>text</p>`,
    lead: html`<p>lead</p>`,
    footer: html`end`,
  });
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(page).not.toMatch(/@import|url\(/);
  expect(page).toContain('<main id="content" tabindex="-1">\n<p>text</p>');
});
