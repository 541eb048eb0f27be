// Generated tests draw the same cases in every run, so that a failure is a change and never luck.
// HALDANE_SEED=… draws others; the seed of a failing run is in its message.
import fc from "fast-check";

const everydaySeed = 20_261_121;

fc.configureGlobal({ seed: Number(process.env["HALDANE_SEED"] ?? everydaySeed) });
