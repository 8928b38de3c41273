import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PositionEncoding, Workspace } from "@astral-sh/ruff-wasm-nodejs";
import { parse } from "smol-toml";
import { z } from "zod";
import { projectRoot } from "#harness/core/project-root.ts";
import type { Host } from "#harness/host/host.ts";
import { listFiles } from "./files.ts";

/** What of ruff's diagnostics is shown. */
const diagnostics = z.array(
  z.object({
    code: z.string().nullable(),
    message: z.string(),
    start_location: z.object({ row: z.number(), column: z.number() }),
  }),
);
const configuration = z.object({ tool: z.object({ ruff: z.record(z.string(), z.unknown()) }) });

/** Errors of Python's types below `folder`, as pyright reports them with the settings of the `pyproject.toml` there. */
export async function checkPythonTypes(local: Host, folder: string): Promise<string[]> {
  const pyright = join(projectRoot, "node_modules/.bin/pyright");
  const checked = await local.exec([pyright, "--project", folder], { deadlineMs: 300_000 });
  return checked.code === 0 ? [] : [`${checked.stdout}${checked.stderr}`.trim()];
}

/**
 * What ruff finds in the Python files of a git work tree, and which of them it would format otherwise. The settings are those
 * of `pyproject.toml`; this build of ruff sees no paths, so settings for single files have no effect.
 */
export async function checkPythonStyle(local: Host, folder: string): Promise<string[]> {
  const settings = configuration.parse(parse(readFileSync(join(folder, "pyproject.toml"), "utf8")));
  const ruff = new Workspace(settings.tool.ruff, PositionEncoding.Utf16);
  const files = (await listFiles(local, folder)).filter((name) => name.endsWith(".py"));
  return files.flatMap((name) => {
    const content = readFileSync(join(folder, name), "utf8");
    const found = diagnostics.parse(ruff.check(content)).map(({ code, message, start_location: at }) => {
      return `${name}:${at.row}:${at.column}: ${code ?? "syntax"} ${message}`;
    });
    const wrong = formatError(ruff, content);
    return wrong === undefined ? found : [...found, `${name}:${wrong}`];
  });
}

/** Where a file is formatted otherwise than ruff would, or why ruff cannot: it does not parse. */
function formatError(ruff: Workspace, content: string): string | undefined {
  try {
    const formatted = ruff.format(content);
    return formatted === content ? undefined : firstDifference(content, formatted);
  } catch (error) {
    return ` format: ${(error as Error).message}`;
  }
}

function firstDifference(content: string, formatted: string): string {
  const [is, wanted] = [content.split("\n"), formatted.split("\n")];
  const at = is.findIndex((line, index) => line !== wanted[index]);
  const row = at === -1 ? is.length : at + 1;
  return `${row}: format: expected ${JSON.stringify(wanted[row - 1] ?? "")}, got ${JSON.stringify(is[row - 1] ?? "")}`;
}
