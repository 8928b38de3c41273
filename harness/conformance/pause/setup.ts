import { workerSelection } from "#harness/conformance/suite/worker-settings.ts";
import { pauseAtFirstFailure } from "./pause.ts";

// A setup file of vitest's, in the worker.
const { pause } = workerSelection();
if (pause) pauseAtFirstFailure(pause);
