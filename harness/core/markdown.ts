/**
 * A Markdown text with `content` between the comments `<!-- name -->` and `<!-- /name -->`, where a command keeps what
 * it has made; everything else is its writers'. `undefined` when the text has no such place.
 */
export function replaceBlock(text: string, name: string, content: string): string | undefined {
  const begin = `<!-- ${name} -->`;
  const end = `<!-- /${name} -->`;
  const from = text.indexOf(begin);
  if (from < 0) return undefined;
  const to = text.indexOf(end, from);
  const rest = to < 0 ? text.slice(from + begin.length) : text.slice(to + end.length);
  return `${text.slice(0, from)}${begin}\n${content}\n${end}${rest}`;
}
