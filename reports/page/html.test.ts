import { expect, test } from "vitest";
import { css, html, lines, raw } from "./html.ts";

const hostile = `<script>alert("1")</script> & 'x' </style>`;
const escaped = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39; &lt;/style&gt;";

test("every value of a template is text, also in attributes and in lists within lists", () => {
  expect(html`<p title="${hostile}">${hostile}</p>`.toString()).toBe(`<p title="${escaped}">${escaped}</p>`);
  expect(html`${[hostile, [html`<b>${hostile}</b>`, 7]]}`.toString()).toBe(`${escaped}<b>${escaped}</b>7`);
});

test("HTML stays HTML through any number of templates, and is text once it was made a string", () => {
  const bold = html`<b>${"&"}</b>`;
  expect(html`<p>${html`${bold}`}</p>`.toString()).toBe("<p><b>&amp;</b></p>");
  expect(html`${`${bold}`}`.toString()).toBe("&lt;b&gt;&amp;amp;&lt;/b&gt;");
  expect(html`${raw("<i>")}`.toString()).toBe("<i>");
});

test("what is not there leaves nothing", () => {
  expect(html`<p>${undefined}${false}${""}${[]}</p>`.toString()).toBe("<p></p>");
  expect(lines([html`<a>`, undefined, html`<b>`]).toString()).toBe("<a>\n\n<b>");
  expect(lines([]).toString()).toBe("");
});

test("text in the place of HTML does not compile", () => {
  // @ts-expect-error: a string is no HTML
  expect(lines(["<b>"]).toString()).toBe("&lt;b&gt;");
});

test("a style sheet cannot end its element", () => {
  expect(css("p > b { color: red }").toString()).toBe("p > b { color: red }");
  expect(() => css("p {} </STYLE ><script>")).toThrow("ends its element");
});
