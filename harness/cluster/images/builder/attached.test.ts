import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { takeApart } from "./attached.ts";

function frame(kind: number, content: string): Buffer {
  const header = Buffer.from([kind, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(Buffer.byteLength(content), 4);
  return Buffer.concat([header, Buffer.from(content)]);
}

/** The bytes in chunks of that many. */
function chunked(bytes: Buffer, size: number): Readable {
  const count = Math.ceil(bytes.length / size);
  return Readable.from(
    Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size)),
  );
}

const both = ({ stdout, stderr }: ReturnType<typeof takeApart>) => Promise.all([text(stdout), text(stderr)]);

test.each([1, 3, 8, 11, 1000])("frames in chunks of %d bytes are put together", async (size) => {
  const frames = [frame(1, "archive"), frame(2, "I: doing\n"), frame(1, ""), frame(1, " and more")];
  expect(await both(takeApart(chunked(Buffer.concat(frames), size)))).toEqual([
    "archive and more",
    "I: doing\n",
  ]);
});

test.each([
  ["within a header", frame(1, "archive").subarray(0, 5)],
  ["within its content", frame(1, "archive").subarray(0, 12)],
])("an end %s is told", async (_, bytes) => {
  await expect(both(takeApart(Readable.from([bytes])))).rejects.toThrow("broke off within a frame");
});

test("a frame of another kind is told", async () => {
  await expect(both(takeApart(Readable.from([frame(7, "x")])))).rejects.toThrow("a frame of kind 7");
});
