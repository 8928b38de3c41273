/** The step of a GitHub workflow that this process is a part of. */
export interface GitHubStep {
  /** `GITHUB_WORKSPACE`: the checkout of the caller's repository. Annotations name files relative to it. */
  readonly workspace: string;
}

/** The step, where this is one (`GITHUB_ACTIONS`); `undefined` everywhere else. */
export function readGitHubStep(env: NodeJS.ProcessEnv = process.env): GitHubStep | undefined {
  return env.GITHUB_ACTIONS === "true" ? { workspace: env.GITHUB_WORKSPACE ?? process.cwd() } : undefined;
}
