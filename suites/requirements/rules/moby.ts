/** The source of Docker 29.7.2, with the documentation of the plugin protocols as it was then. */
export const moby = "https://github.com/moby/moby/blob/6a43e3d5afddf4111da0f864bbc7cae5d7e95001";

/** Where a commit to that source is read, by its hash. */
export const mobyCommit = "https://github.com/moby/moby/commit";
