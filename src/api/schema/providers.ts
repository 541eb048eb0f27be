// Schema of a metric's provider (argo-metric-providers.md §3–10): one block per provider.
import { jobSpecSchema } from "./workloads.ts";
import { labelsAndAnnotationsSchema } from "./meta.ts";
import {
  any,
  asCrd,
  bool,
  crdEnum,
  defaulted,
  described,
  int64,
  intOrString,
  list,
  map,
  object,
  openObject,
  strings,
  text,
} from "./schema.ts";
import type { Schema, SchemaNode } from "./schema.ts";
import type { JsonObject } from "../../lib/json.ts";

const query = described(text, "The question, in the provider's language.");
const address = described(text, "The provider's URL.");

const header = object(
  { key: described(text, "Name of the header."), value: described(text, "Its value.") },
  ["key", "value"],
);
const headers = described(list(header), "Headers sent with every question.");
const insecure = described(bool, "Whether certificates go unchecked; default false.");

const oauth2 = object({
  tokenUrl: described(text, "Where the token is fetched."),
  clientId: described(text, "The client's id."),
  clientSecret: described(text, "The client's secret."),
  scopes: described(strings, "What the token is to allow."),
});

const sigv4 = object({
  region: described(text, "The AWS region."),
  profile: described(text, "Profile of the AWS configuration files."),
  roleArn: described(text, "The role to take on."),
});

const basicAuth = object({
  username: described(text, "The user's name."),
  password: described(text, "The user's password."),
});

const authentication = described(
  object({
    sigv4: described(sigv4, "AWS Signature Version 4, for Amazon Managed Prometheus."),
    oauth2: described(oauth2, "OAuth 2 client credentials."),
    basicAuth: described(basicAuth, "Name and password."),
  }),
  "How to sign in.",
);

const prometheus = object({
  address: described(
    text,
    "Prometheus' URL; default: ARGO_ROLLOUTS_PROMETHEUS_ADDRESS of the controller's environment.",
  ),
  query: described(text, "The question, in PromQL."),
  timeout: described(int64, "Seconds to wait for the answer; default 30."),
  insecure,
  headers,
  authentication,
  rangeQuery: described(
    object({
      start: described(text, 'An expression for a time: now() - duration("5m").'),
      end: described(text, "An expression for a time: now()."),
      step: described(text, "Time between two values, such as 30s."),
    }),
    "Asks for values over a stretch of time instead of one moment.",
  ),
});

const web = object(
  {
    url: described(text, "Where to ask."),
    method: described(text, "GET, POST or PUT; default GET."),
    headers,
    body: described(text, "What is sent, with POST or PUT."),
    jsonBody: described(any, "What is sent as JSON; instead of body."),
    timeoutSeconds: described(int64, "Seconds to wait for the answer; default 10."),
    jsonPath: described(text, "Which part of the answer is the result; default `{$}`, all of it."),
    insecure,
    authentication,
  },
  ["url"],
);

const aggregators = [
  "avg",
  "min",
  "max",
  "sum",
  "last",
  "percentile",
  "mean",
  "l2norm",
  "area",
] as const;

const datadog = object({
  query,
  queries: described(
    map(text),
    "Several questions by name; instead of query. Needs apiVersion v2.",
  ),
  formula: described(text, "What is computed from the queries."),
  apiVersion: described(defaulted(crdEnum(["v1", "v2"]), "v1"), "v1 or v2."),
  interval: described(defaulted(text, "5m"), "How far back the question looks."),
  aggregator: described(crdEnum(aggregators), "How values become one; default last. Needs v2."),
  secretRef: described(
    object({
      name: described(text, "Name of the Secret with api-key, app-key and address."),
      namespaced: described(
        bool,
        "Whether it is in the AnalysisRun's namespace; default false: the controller's.",
      ),
    }),
    "Where the keys are; default: the controller's environment, then the Secret `datadog`.",
  ),
  requestTimeout: described(defaulted(text, "10s"), "How long to wait for the answer."),
});

const scope = object(
  {
    scope: described(text, "Whose metrics are compared."),
    region: described(text, "Where they come from."),
    step: described(int64, "Seconds between two values."),
    start: described(text, "From when on."),
    end: described(text, "Until when."),
  },
  ["scope", "region", "step"],
);

const kayenta = object(
  {
    address,
    application: described(text, "Name of the application."),
    canaryConfigName: described(text, "Name of the canary configuration."),
    metricsAccountName: described(text, "The account metrics are read with."),
    configurationAccountName: described(text, "The account configurations are read with."),
    storageAccountName: described(text, "The account results are stored with."),
    threshold: described(
      object(
        {
          pass: described(int64, "From this score on it is a success."),
          marginal: described(int64, "From this score on it is inconclusive; below, a failure."),
        },
        ["pass", "marginal"],
      ),
      "Which scores are good.",
    ),
    scopes: described(
      list(
        object(
          {
            name: described(text, "Name of the scope."),
            controlScope: described(scope, "The stable version's metrics."),
            experimentScope: described(scope, "The new version's metrics."),
          },
          ["name", "controlScope", "experimentScope"],
        ),
      ),
      "What is compared with what.",
    ),
    lookback: described(bool, "Whether to look back to the start of the run; default false."),
  },
  [
    "address",
    "application",
    "canaryConfigName",
    "metricsAccountName",
    "configurationAccountName",
    "storageAccountName",
    "threshold",
    "scopes",
  ],
);

const period = described(intOrString, "Seconds a value stands for.");

const metricStat = object({
  metric: described(
    object({
      dimensions: described(
        list(
          object({
            name: described(text, "Name of the dimension."),
            value: described(text, "Its value."),
          }),
        ),
        "Which of the metric's series.",
      ),
      metricName: described(text, "Name of the metric."),
      namespace: described(text, "Its namespace, such as AWS/ApplicationELB."),
    }),
    "Which metric.",
  ),
  period,
  stat: described(text, "The statistic, such as Sum or p99."),
  unit: described(text, "Only values of this unit."),
});

const metricDataQuery = object({
  id: described(text, "Its name in expressions."),
  expression: described(text, "What is computed from other queries."),
  label: described(text, "What the result is called."),
  metricStat: described(metricStat, "Which metric, and how its values become one."),
  period,
  returnData: described(bool, "Whether its values belong to the result."),
});

const cloudWatch = object(
  {
    interval: described(text, "How far back the question looks; default 5m."),
    metricDataQueries: described(list(metricDataQuery), "The questions."),
  },
  ["metricDataQueries"],
);

const job = object(
  {
    metadata: described(labelsAndAnnotationsSchema, "Labels and annotations for the Job."),
    spec: described(jobSpecSchema, "The Job: the fields of `kubectl explain job.spec`."),
  },
  ["spec"],
);

const newRelic = object(
  {
    query: described(text, "The question, in NRQL."),
    profile: described(text, "Name of the Secret with the account; default newrelic."),
    timeout: described(int64, "Seconds to wait for the answer; default 5."),
  },
  ["query"],
);

const influxdb = object({
  profile: described(text, "Name of the Secret with the account; default influxdb."),
  query: described(text, "The question, in Flux."),
});

const skywalking = object({
  address,
  query: described(text, "The question, in GraphQL."),
  interval: described(text, "How far back the question looks."),
});

/** Exactly one key is set. Typed as JSON: each provider reads its own block. */
const providers: SchemaNode = object({
  prometheus: described(prometheus, "Prometheus."),
  job: described(job, "A Job: whether it completes or fails is the answer."),
  kayenta: described(kayenta, "A Kayenta judgement: the score is the answer."),
  web: described(web, "An HTTP request: a part of its JSON answer."),
  datadog: described(datadog, "Datadog."),
  wavefront: described(object({ address, query }), "Wavefront."),
  newRelic: described(newRelic, "New Relic."),
  cloudWatch: described(cloudWatch, "Amazon CloudWatch."),
  graphite: described(object({ address, query }), "Graphite."),
  influxdb: described(influxdb, "InfluxDB."),
  skywalking: described(skywalking, "SkyWalking."),
  plugin: described(
    asCrd(map(openObject({})), { isOpen: true }),
    "Further providers by name, each with a configuration of its own; exactly one of them.",
  ),
});

export const providerSchema: Schema<JsonObject> = providers;
