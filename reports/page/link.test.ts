import { expect, test } from "vitest";
import { anchorOf, encodePath, link } from "./link.ts";

test.for([
  "https://example.org/?a=1#x",
  "HTTP://example.org",
  "matrix.html",
  "../../matrix.html",
  "#red",
  "cells/overlay%4028.5/index.html#M4",
  encodePath("javascript:alert(1)"),
])("%j is a link", (href) => {
  expect(link(href, "text").toString()).toBe(`<a href="${href}">text</a>`);
});

test.for([
  "javascript:alert(1)",
  " JavaScript:alert(1)",
  "java\nscript:alert(1)",
  "\u0001javascript:alert(1)",
  "vbscript:x",
  "data:text/html,<script>alert(1)</script>",
  "file:///etc/passwd",
  "//example.org/x",
  "\\\\example.org\\x",
  "\u0001 /\t/example.org",
  "https://",
])("%j is no link: its text stays", (href) => {
  expect(link(href, "<text>", { title: "title" }).toString()).toBe("&lt;text&gt;");
});

test("nothing gets out of the attributes of a link", () => {
  const hostile = `"><script>'&`;
  const escaped = "&quot;&gt;&lt;script&gt;&#39;&amp;";
  expect(link(hostile, hostile, { rel: hostile, title: hostile }).toString()).toBe(
    `<a href="${escaped}" rel="${escaped}" title="${escaped}">${escaped}</a>`,
  );
});

test("a path of any characters is one link, relative to the page", () => {
  expect(encodePath(`a b/c"<d>?#%:\ud800`)).toBe("a%20b/c%22%3Cd%3E%3F%23%25%3A%EF%BF%BD");
});

test("an anchor stays readable, and has no character with a meaning in HTML", () => {
  expect(anchorOf("overlay@26.1 › M4/x")).toBe("overlay@26.1-M4-x");
  expect(anchorOf(`"'<>&= `)).toBe("-");
});
