/** The step of a GitHub workflow that this process is a part of. */
export interface GitHubStep {
  /** `GITHUB_WORKSPACE`: the checkout of the caller's repository. Annotations name files relative to it. */
  readonly workspace: string;
  /** `GITHUB_STEP_SUMMARY`: the file to which the step adds its Markdown; absent on servers without summaries. */
  readonly summary?: string;
}

/** The step, where this is one; `undefined` everywhere else. */
export function readGitHubStep(env: NodeJS.ProcessEnv = process.env): GitHubStep | undefined {
  if (env.GITHUB_ACTIONS !== "true") return undefined;
  return {
    workspace: env.GITHUB_WORKSPACE ?? process.cwd(),
    ...(env.GITHUB_STEP_SUMMARY ? { summary: env.GITHUB_STEP_SUMMARY } : {}),
  };
}

/** For a process whose output is not that of the step: it must not take itself for it. */
export const outsideOfStep = { GITHUB_ACTIONS: undefined, GITHUB_STEP_SUMMARY: undefined };
