import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { codeSpans, documents, readTracked, tableBelow, trackedFiles } from "./tracked-files.ts";

const files = await trackedFiles();
/** Folders at the root; what begins with one of them is a path of the project. */
const roots = new Set(files.filter((path) => path.includes("/")).map((path) => path.split("/", 1)[0]));

describe("README.md", () => {
  test("fits one screen: 120 lines of 100 characters", () => {
    const lines = readTracked("README.md").trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(120);
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
  });

  test("leads to every document", async () => {
    const linked = linksOf("README.md").map(({ path }) => path);
    expect(linked).toEqual(
      expect.arrayContaining((await documents()).filter((path) => path !== "README.md")),
    );
  });
});

describe.each(await documents())("%s", (document) => {
  const text = readTracked(document);

  test("has lines of at most 120 characters, tables apart", () => {
    // Its findings are written by hand around a table that a run makes.
    const made = ["cni-plugins", "cni-runtimes", "cni-configurations", "docker-drivers", "mutants"];
    if (made.some((page) => document === `docs/${page}.md`)) return;
    const long = text.split("\n").filter((line) => line.length > 120 && !line.trimStart().startsWith("|"));
    expect(long).toEqual([]);
  });

  test("links to files and headings that there are", () => {
    const dead = linksOf(document).filter(
      ({ path, anchor }) =>
        !existsSync(join(projectRoot, path)) ||
        (anchor !== undefined && path.endsWith(".md") && !anchorsOf(path).includes(anchor)),
    );
    expect(dead).toEqual([]);
  });

  test("names files and folders that there are", () => {
    const named = codeSpans(text).filter((code) => isPath(code) && !code.startsWith("reports/output"));
    expect(named.filter((path) => !isThere(path))).toEqual([]);
  });

  test("says that npm ci comes before npx vitest, which is another vitest on a fresh clone", () => {
    // The package brings its vitest along.
    if (document === "docs/your-repository.md" || !text.includes("npx vitest")) return;
    expect(text).toContain("`npm ci`");
  });

  test("names npm scripts that there are", () => {
    const { scripts } = JSON.parse(readTracked("package.json")) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/\bnpm run (?:-s |--silent )?([\w:-]+)/g)].map(([, name = ""]) => name);
    expect(named.filter((name) => !Object.hasOwn(scripts, name) && name !== "COMMAND")).toEqual([]);
  });
});

describe("a folder", () => {
  const counts = new Map<string, number>();
  for (const path of files) {
    if (/\.(test|integration)\.ts$/.test(path)) continue;
    counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  }
  const large = [...counts].flatMap(([folder, count]) => (count > 8 ? folder : [])).sort();
  const heading = "## Folders of more than eight files";
  const excepted = tableBelow(readTracked("docs/architecture.md"), heading).map(
    ([folder = "", reason = ""]) => ({
      folder: folder.replaceAll("`", ""),
      reason,
    }),
  );

  test("has at most eight files beside its tests, or a reason in docs/architecture.md", () => {
    const allowed = excepted.map(({ folder }) => folder);
    expect(large.filter((folder) => !allowed.includes(folder))).toEqual([]);
    expect(allowed.filter((folder) => !large.includes(folder))).toEqual([]);
    expect(excepted.filter(({ reason }) => reason === "")).toEqual([]);
  });
});

/** Links of a document to files of the project, relative to its root. */
function linksOf(document: string): { path: string; anchor: string | undefined }[] {
  return [...readTracked(document).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [path = "", anchor] = target.split("#");
    return { path: path === "" ? document : join(dirname(document), path), anchor };
  });
}

/** Anchors of the headings of a document, as GitHub makes them. */
function anchorsOf(document: string): string[] {
  return [...readTracked(document).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function isPath(code: string): boolean {
  return /^[\w.*-]+(\/[\w.*-]*)+$/.test(code) && roots.has(code.split("/", 1)[0]);
}

/** Whether a file or folder, which may have a `*`, is among the project's. */
function isThere(path: string): boolean {
  if (!path.includes("*")) return existsSync(join(projectRoot, path));
  const pattern = new RegExp(`^${path.replaceAll(".", "\\.").replaceAll("*", "[^/]*")}(/|$)`);
  return files.some((file) => pattern.test(file));
}
