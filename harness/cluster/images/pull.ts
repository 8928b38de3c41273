import type Docker from "dockerode";
import { UsageError } from "#harness/core/errors.ts";

/** Whether an engine has an image of that name. */
export async function hasImage(docker: Docker, image: string): Promise<boolean> {
  return docker
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}

/**
 * Has an engine, which has the user's registry and credentials, pull the image that a setting names, unless it has it. `who`
 * is whose engine it is, for the message. Throws `UsageError` when it cannot.
 */
export async function ensurePulled(
  docker: Docker,
  image: string,
  who: string,
  setting: "IMAGE" | "NODE_IMAGE" = "IMAGE",
): Promise<void> {
  try {
    await pullMissing(docker, image);
  } catch (error) {
    throw new UsageError(
      `${setting}=${image}: expected an image that ${who} has or can pull, got ${(error as Error).message} (set in the environment)`,
      { hint: `correct ${setting}, or unset it to use the built-in one`, cause: error },
    );
  }
}

/** Has an engine pull an image unless it has it. Rejects with what the engine said. */
export async function pullMissing(docker: Docker, image: string): Promise<void> {
  if (await hasImage(docker, image)) return;
  const answer = await docker.pull(image);
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(answer, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}
