// SMI's part in the sheet: the router makes its object itself.
import type { RouterSetting } from "../sheet-world.test-support.ts";
import { smiRouter } from "./smi.ts";

export function smiSetting(trafficSplitApiVersion?: string): RouterSetting {
  return {
    factory: smiRouter,
    config: () => ({}),
    objects: () => [],
    ...(trafficSplitApiVersion === undefined ? {} : { settings: { trafficSplitApiVersion } }),
  };
}
