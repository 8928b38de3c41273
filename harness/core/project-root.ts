import { extname, join } from "node:path";

/** Folder in which this project lies: what comes with it is found from here, never from the current folder. */
export const projectRoot = join(import.meta.dirname, "../..");

/** Ending of the project's own modules: `.ts` in a checkout, `.js` in the package that is published. */
export const moduleEnding = extname(import.meta.filename);

/** Whether this is a checkout, with the project's own tests, or the published package. */
export const isCheckout = moduleEnding === ".ts";
