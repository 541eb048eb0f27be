// Where meshes and ingress controllers count requests, by their own standard metrics. ${version} is the version and
// ${labels} what the configuration adds to every selector.

/** How one kind of metric is counted; which fields there are depends on the kind. */
export type Counters = Readonly<
  Partial<
    Record<"requests" | "failed" | "counted" | "histogram" | "sum" | "count" | "gauge", string>
  >
> & { readonly unitMs?: number };

export interface Preset {
  readonly errors: Counters;
  readonly latency: Counters;
  /** The borders of its histogram: what latency compares unless it names borders itself. */
  readonly edgesMs: readonly number[];
  /** Why ${version} cannot be a pod-template hash, where it cannot. */
  readonly wantsNames?: string;
}

const istioLabels = 'reporter="destination",pod=~".+-${version}-.+"${labels}';
const nginxLabels = 'service="${version}"${labels}';

export const presets = {
  /** Istio's metrics as the sidecars of the pods report them: https://istio.io/docs/reference/config/metrics */
  istio: {
    errors: {
      requests: `istio_requests_total{${istioLabels}}`,
      failed: `istio_requests_total{${istioLabels},response_code=~"5..|0"}`,
    },
    latency: { histogram: `istio_request_duration_milliseconds_bucket{${istioLabels}}`, unitMs: 1 },
    edgesMs: [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000],
  },
  /** ingress-nginx: it knows Services, not versions: https://kubernetes.github.io/ingress-nginx/user-guide/monitoring */
  nginx: {
    errors: {
      requests: `nginx_ingress_controller_requests{${nginxLabels}}`,
      failed: `nginx_ingress_controller_requests{${nginxLabels},status=~"5.."}`,
    },
    latency: {
      histogram: `nginx_ingress_controller_request_duration_seconds_bucket{${nginxLabels}}`,
      unitMs: 1000,
    },
    edgesMs: [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000],
    wantsNames:
      "the ingress controller counts by Service: write canary and stable, the names of the two Services",
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as readonly PresetName[];
