import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { link, mkdir, rm, writeFile } from "node:fs/promises";
import { arch } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { LocalHost } from "#harness/host/local/local-host.ts";

/** What a sandbox runs: the name of the image. */
export const pauseImage = "docker.io/netconform/pause:local";

/** Writes an archive as `docker save` makes it, of a file system's tar archive that is on this machine, with a program that waits. */
export async function writePauseImage(fileSystem: string, archive: string): Promise<void> {
  const folder = `${archive}.parts`;
  await mkdir(folder);
  const layer = join(folder, "layer.tar");
  await link(fileSystem, layer).catch(() => new LocalHost().run(["cp", fileSystem, layer]));
  const hash = createHash("sha256");
  await pipeline(createReadStream(layer), hash);
  const config = {
    architecture: arch() === "arm64" ? "arm64" : "amd64",
    os: "linux",
    config: { Entrypoint: ["/bin/sleep", "1000000"], Env: ["PATH=/bin"] },
    rootfs: { type: "layers", diff_ids: [`sha256:${hash.digest("hex")}`] },
  };
  const manifest = [{ Config: "config.json", RepoTags: [pauseImage], Layers: ["layer.tar"] }];
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
  await new LocalHost().run([
    "tar",
    "-c",
    "-f",
    archive,
    "-C",
    folder,
    "manifest.json",
    "config.json",
    "layer.tar",
  ]);
  await rm(folder, { recursive: true });
}
