import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { projectRoot } from "#harness/core/project-root.ts";

const versions = z.record(z.string(), z.string());
const projectShape = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  license: z.string(),
  devDependencies: versions,
});

/** What the package's modules and declarations import at run time; vitest is the user's own. */
const dependencies = [
  ...[
    "@grpc/grpc-js",
    "@grpc/proto-loader",
    "@types/dockerode",
    "@types/node",
    "allure",
    "allure-js-commons",
    "allure-vitest",
    "chokidar",
    "cli-table3",
    "commander",
  ],
  ...[
    "dockerode",
    "fast-xml-builder",
    "hono",
    "ip-address",
    "markdown-it",
    "rolldown",
    "ssh2",
    "testcontainers",
    "yaml",
    "zod",
    "zx",
  ],
];

/** The package.json of the package, from the project's. */
export async function readManifest(): Promise<Record<string, unknown>> {
  const text = await readFile(join(projectRoot, "package.json"), "utf8");
  const { devDependencies: known, ...project } = projectShape.parse(JSON.parse(text));
  const at = (folder: string) => ({ types: `./${folder}/*.d.ts`, default: `./${folder}/*.js` });
  const module = (path: string) => ({ types: `./${path}.d.ts`, default: `./${path}.js` });
  return {
    ...project,
    type: "module",
    engines: { node: ">=24" },
    bin: { netconform: "harness/cli/bin.mjs" },
    exports: {
      ".": module("drivers/index"),
      "./vitest": module("harness/cli/vitest/netconform"),
      "./requirements": module("suites/requirements/catalogue"),
      "./schemas/conformance.json": "./reports/conformance.schema.json",
      "./schemas/matrix.json": "./reports/matrix/matrix.schema.json",
      "./package.json": "./package.json",
    },
    imports: {
      "#harness/*.ts": at("harness"),
      "#drivers/*.ts": at("drivers"),
      "#suites/*.ts": at("suites"),
      "#reports/*.ts": at("reports"),
    },
    dependencies: Object.fromEntries(dependencies.map((name) => [name, known[name]])),
    peerDependencies: { vitest: known.vitest?.replace(/^/, "^") },
  };
}
