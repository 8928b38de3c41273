import { fileURLToPath } from "node:url";

/**
 * Where an error was thrown, `file:line`, by the first frame of its stack that `is` takes; `undefined` where there is none. Frames
 * of Node.js and of packages count for nothing.
 */
export function placeOf(
  error: unknown,
  is: (file: string) => boolean = (file) => !file.includes("/node_modules/"),
): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  for (const frame of stack.split("\n")) {
    const [, url, line] = /(?:^|[\s(])((?:file:\/\/)?\/[^()\s]+?):(\d+):\d+\)?$/.exec(frame) ?? [];
    if (url === undefined) continue;
    const file = url.startsWith("file://")
      ? fileURLToPath(url.replace(/\?.*$/, ""))
      : url.replace(/\?.*$/, "");
    if (is(file)) return `${file}:${line}`;
  }
  return undefined;
}
