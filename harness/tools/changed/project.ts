import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { importedFile } from "#harness/tools/syntax/tree.ts";
import { readSource, type Source } from "./source.ts";

/** The TypeScript modules of a project, by their path in it, and which of them rest on which. */
export class ProjectSources {
  readonly #sources: ReadonlyMap<string, Source>;
  readonly #reached = new Map<string, ReadonlySet<string>>();

  constructor(sources: ReadonlyMap<string, Source>) {
    this.#sources = sources;
  }

  /** Reads those in the folder `root`. */
  static read(root: string): ProjectSources {
    const paths = globSync("{drivers,harness,reports,suites}/**/*.ts", {
      cwd: root,
      exclude: ["**/node_modules/**", "reports/output/**"],
    });
    const read = (path: string) => readSource(readFileSync(join(root, path), "utf8"));
    return new ProjectSources(new Map(paths.map((path) => [path, read(path)])));
  }

  get paths(): readonly string[] {
    return [...this.#sources.keys()];
  }

  of(path: string): Source | undefined {
    return this.#sources.get(path);
  }

  /** All that a module imports, and what that imports, without itself. */
  reached(path: string): ReadonlySet<string> {
    const known = this.#reached.get(path);
    if (known) return known;
    const found = new Set<string>();
    const open = [path];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const specifier of this.#sources.get(next)?.imports ?? []) {
        const imported = importedFile(specifier, next);
        if (imported === undefined || found.has(imported) || !this.#sources.has(imported)) continue;
        found.add(imported);
        open.push(imported);
      }
    }
    found.delete(path);
    this.#reached.set(path, found);
    return found;
  }

  /**
   * The modules that a file is about: itself, or of another kind of file, which none imports, those of the nearest folder
   * around it that has some: they read it. Empty outside of the modules' folders.
   */
  modulesFor(path: string): readonly string[] {
    if (this.#sources.has(path) || path.endsWith(".ts")) return [path];
    for (let folder = dirname(path); folder.includes("/"); folder = dirname(folder)) {
      const beside = this.paths.filter((one) => dirname(one) === folder && !isOwnTest(one));
      if (beside.length > 0) return beside;
    }
    return [];
  }
}

/** Whether a file is a test of the project's own, and none of a chapter. */
export function isOwnTest(path: string): boolean {
  return /\.(integration|bench)\.ts$/.test(path) || (/\.test\.ts$/.test(path) && !isChapter(path));
}

/** Whether a file holds tests of a chapter or protocol suite. */
export function isChapter(path: string): boolean {
  return /^suites\/(?!requirements\/)[^/]+\/[^/]+\.test\.ts$/.test(path);
}
