// SMI's part in the sheet: the router makes its object itself.
import type { RouterSetting } from "../sheet-world.test-support.ts";
import { smiRouter } from "./smi.ts";

export function smiSetting(trafficSplitApiVersion?: string): RouterSetting {
  const apiVersion = `split.smi-spec.io/${trafficSplitApiVersion ?? "v1alpha1"}`;
  return {
    factory: smiRouter,
    config: () => ({}),
    objects: () => [],
    makes: (name, namespace) => [{ apiVersion, kind: "TrafficSplit", namespace, name }],
    ...(trafficSplitApiVersion === undefined ? {} : { settings: { trafficSplitApiVersion } }),
  };
}
