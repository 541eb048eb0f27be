// Schema of canary.steps[] (argo-rollouts.md §1.1): one key per kind of step.
import {
  analysisRunMetadataSchema,
  dryRunSchema,
  experimentAnalysesSchema,
  pauseDurationSchema,
  rolloutAnalysisSchema,
} from "./analysis-reference.ts";
import { labelSelectorSchema, labelsAndAnnotationsSchema } from "./meta.ts";
import { bool, described, int32, list, map, object, text } from "./schema.ts";
import type { WireOf } from "./schema.ts";
import { stepPluginConfigSchema } from "./traffic-routing.ts";

const stringMatch = object({
  exact: described(text, "The whole value."),
  prefix: described(text, "What the value begins with."),
  regex: described(text, "A regular expression of the router's kind."),
});

const experimentTemplate = object(
  {
    name: described(text, "Its name within the experiment."),
    specRef: described(text, "`canary` or `stable`: whose pod template is run."),
    replicas: described(int32, "How many pods; default 1."),
    metadata: described(labelsAndAnnotationsSchema, "Labels and annotations for its pods."),
    selector: described(
      labelSelectorSchema,
      "Selects its pods; default: the Rollout's selector and the template's name.",
    ),
    weight: described(
      int32,
      "Share of the traffic for its pods, in percent; needs a router that can split three ways.",
    ),
    service: described(
      object({ name: described(text, "The Service's name; default: the ReplicaSet's.") }),
      "Makes a Service for its pods.",
    ),
  },
  ["name", "specRef"],
);

const experiment = object(
  {
    templates: described(
      list(experimentTemplate),
      "Which versions run, and how many pods of each.",
    ),
    duration: described(
      text,
      "How long it runs once all pods are available, such as 10m; without it until its required analyses are complete.",
    ),
    analyses: experimentAnalysesSchema,
    dryRun: dryRunSchema,
    analysisRunMetadata: analysisRunMetadataSchema,
    scaleDownDelaySeconds: described(
      int32,
      "How long its pods stay after the experiment has ended; default 30.",
    ),
  },
  ["templates"],
);

const routeName = described(
  text,
  "Name of the route; it must be listed in trafficRouting.managedRoutes.",
);

const setHeaderRoute = object({
  name: routeName,
  match: described(
    list(
      object(
        {
          headerName: described(text, "Name of the request header."),
          headerValue: described(stringMatch, "What its value must be; exactly one of the forms."),
        },
        ["headerName", "headerValue"],
      ),
    ),
    "All of these headers lead a request to the canary. An empty list takes the route away.",
  ),
});

const setMirrorRoute = object(
  {
    name: routeName,
    match: described(
      list(
        object({
          method: described(stringMatch, "The request's method."),
          path: described(stringMatch, "The request's path."),
          headers: described(map(stringMatch), "Values of request headers, by name."),
        }),
      ),
      "Requests that match one of these are copied. An empty list takes the route away.",
    ),
    percentage: described(int32, "Share of the matching requests that is copied; default 100."),
  },
  ["name"],
);

const setCanaryScale = object({
  weight: described(int32, "Pods of the canary in percent of spec.replicas."),
  replicas: described(int32, "Number of pods of the canary."),
  matchTrafficWeight: described(bool, "Back to as many pods as the traffic's weight asks for."),
});

export const canaryStepSchema = object({
  setWeight: described(
    int32,
    "Share of the traffic for the canary, in percent of maxTrafficWeight. Without trafficRouting: share of the pods.",
  ),
  pause: described(
    object({
      duration: described(
        pauseDurationSchema,
        "Seconds as a number, or a duration such as 30s, 5m, 1h30m.",
      ),
    }),
    "Waits for `duration`; without it until someone promotes.",
  ),
  setCanaryScale: described(
    setCanaryScale,
    "Sets the canary's pods apart from its weight; exactly one of the fields. Needs trafficRouting.",
  ),
  analysis: described(
    rolloutAnalysisSchema,
    "Waits for an AnalysisRun: successful goes on, failed goes back to stable, inconclusive pauses.",
  ),
  experiment: described(
    experiment,
    "Runs an Experiment and waits for it: successful goes on, failed goes back to stable.",
  ),
  setHeaderRoute: described(
    setHeaderRoute,
    "Leads requests with certain headers to the canary, whatever the weight.",
  ),
  setMirrorRoute: described(
    setMirrorRoute,
    "Sends the canary copies of matching requests; their answers are dropped.",
  ),
  plugin: described(
    object(
      {
        name: described(text, "Name of the plugin: `<namespace>/<name>`."),
        config: described(stepPluginConfigSchema, "Its configuration, as the plugin wants it."),
      },
      ["name"],
    ),
    "A step that a plugin carries out.",
  ),
});

export type CanaryStepManifest = WireOf<typeof canaryStepSchema>;
export type StringMatchManifest = WireOf<typeof stringMatch>;
