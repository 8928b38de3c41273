import { isAbsolute, relative, resolve } from "node:path";
import type { GitHubStep } from "#harness/core/settings/github-step.ts";

/** Something that a review shows at a line of a file. */
export interface Annotation {
  readonly level: "error" | "warning" | "notice";
  /** Relative to the working directory, or absolute. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly title: string;
  readonly message: string;
}

/**
 * The line that a step of a workflow prints to make the annotation, in the form that GitHub's runner reads. Its file is
 * relative to the workspace; one outside of it stays absolute, and the runner shows it with the step alone.
 * Source: "Workflow commands for GitHub Actions", setting an error message.
 */
export function formatAnnotation(
  { workspace }: GitHubStep,
  { level, file, line, title, message }: Annotation,
): string {
  const path = resolve(file);
  const inside = relative(workspace, path);
  const shown = inside.startsWith("..") || isAbsolute(inside) ? path : inside;
  const properties = { file: shown, line: String(line), title };
  const list = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(value)}`);
  return `::${level} ${list.join(",")}::${escapeMessage(message)}`;
}

function escapeMessage(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
