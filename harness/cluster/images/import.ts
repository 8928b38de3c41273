import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import { HarnessError } from "#harness/core/errors.ts";

/**
 * Makes an image from the tar archive of a file system. `changes` are Dockerfile instructions.
 * Resolves to the image's id; throws `HarnessError` with what the engine said.
 */
export async function importArchive(
  docker: Docker,
  archive: string | NodeJS.ReadableStream,
  { image, changes = [] }: { image?: string; changes?: readonly string[] } = {},
): Promise<string> {
  const [repo, tag] = splitImage(image);
  const answer = await docker.importImage(archive, { ...(repo ? { repo, tag } : {}), changes });
  const lines = (await text(answer)).trim().split("\n");
  const messages = lines.map((line) => JSON.parse(line) as { status?: string; error?: string });
  const error = messages.find((message) => message.error)?.error;
  const id = messages.at(-1)?.status;
  if (error || !id?.startsWith("sha256:")) {
    throw new HarnessError(
      `importing ${image ?? "an image"}: expected the new image's id, got ${error ?? id}`,
    );
  }
  return id;
}

/** `repo:tag` as its two parts. */
export function splitImage(image = ""): [repo: string, tag: string] {
  const colon = image.lastIndexOf(":");
  return colon > image.lastIndexOf("/") ? [image.slice(0, colon), image.slice(colon + 1)] : [image, "latest"];
}
