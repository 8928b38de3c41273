import { join } from "node:path";

/** Folder in which this project lies: what comes with it is found from here, never from the current folder. */
export const projectRoot = join(import.meta.dirname, "../..");
