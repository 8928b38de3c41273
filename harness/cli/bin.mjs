#!/usr/bin/env node
// The program of the published package. Runs on any Node.js, to say which one is needed.
const oldestNode = 24;
if (Number(process.versions.node.split(".")[0]) < oldestNode) {
  console.error(
    `netconform: Node.js ${process.versions.node} is too old: expected ${oldestNode} or later\n  next: install a newer Node.js, or put one into this project: npm install --save-dev node@${oldestNode}`,
  );
  process.exit(2);
}
// The bundler that vitest loads would keep a hundred megabytes that it has freed.
process.env.MIMALLOC_ARENA_EAGER_COMMIT ??= "0";
process.env.MIMALLOC_PURGE_DELAY ??= "0";
// A compiler in the background may wait for the main thread, which waits for it in `process.exit` (nodejs/node#54918).
const { setFlagsFromString } = await import("node:v8");
setFlagsFromString("--no-concurrent-sparkplug");
// Code is compiled once, and kept for the next time.
const { enableCompileCache } = await import("node:module");
enableCompileCache();
await import("./netconform.js");
