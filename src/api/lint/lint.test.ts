import { describe, expect, it } from "vitest";
import { validateMetrics } from "../../core/analysis/validate-metrics.ts";
import { approximateSplit } from "../../core/replicas/counts-basic.ts";
import { readDocuments } from "../yaml/documents.ts";
import type { Finding } from "./finding.ts";
import { lint, sourceFindings } from "./lint.ts";

const able = { headerRoutes: true, mirrorRoutes: true, experimentWeights: true };
const capabilities = {
  routers: { "argoproj-labs/gatewayAPI": able },
  providers: ["prometheus", "web", "job", "haldane.dev/traffic"],
  stepPlugins: [],
};
const core = { metricsProblem: validateMetrics, split: approximateSplit };

function findingsOf(text: string): readonly Finding[] {
  const { documents, problems } = readDocuments(text, "shop.yaml");
  return [...sourceFindings(problems), ...lint(documents, capabilities, core)];
}

function linesOf(text: string): readonly string[] {
  return findingsOf(text).map(({ level, text: sentence }) => `${level}: ${sentence}`);
}

/** Steps are written from line 20 on. */
function rollout(strategy: string): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: shop
spec:
  replicas: 10
  selector:
    matchLabels: {app: shop}
  template:
    metadata:
      labels: {app: shop}
    spec:
      containers:
        - name: shop
          image: shop:v1
          ports:
            - containerPort: 8080
  strategy:
${strategy}`;
}

function canary(steps: string): string {
  return rollout(`    canary: {steps: [
${steps}
      ]}
`);
}

const service = `---
apiVersion: v1
kind: Service
metadata: {name: shop-stable}
spec: {selector: {app: shop}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop-canary}
spec: {selector: {app: shop}, ports: [{port: 80}]}
`;

const routed = rollout(`    canary:
      stableService: shop-stable
      canaryService: shop-canary
      trafficRouting:
        plugins:
          argoproj-labs/gatewayAPI: {httpRoute: shop}
      steps:
        - setWeight: 33
        - pause: {}
`);

const route = `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec: {rules: [{backendRefs: [{name: shop-stable, port: 80}, {name: shop-canary, port: 80}]}]}
`;

describe("a valid set of manifests", () => {
  it("has no findings", () => {
    expect(linesOf(routed + service + route)).toEqual([]);
  });
});

interface Row {
  readonly name: string;
  readonly text: string;
  readonly lines: readonly string[];
}

const fieldRows: readonly Row[] = [
  {
    name: "a misspelt field",
    text: canary("      {setWeigth: 20}"),
    lines: [
      "error: shop.yaml:20:8: spec.strategy.canary.steps[0].setWeigth: unknown field; did you mean setWeight?",
    ],
  },
  {
    name: "a misspelt required field is said once",
    text: rollout("    blueGreen: {activeServce: a, previewService: b}\n"),
    lines: [
      "error: shop.yaml:19:17: spec.strategy.blueGreen.activeServce: unknown field; did you mean activeService?",
      'warning: shop.yaml:19:34: spec.strategy.blueGreen.previewService: there is no Service "b" in namespace default; add the Service, or correct the name.',
    ],
  },
  {
    name: "a field of another place",
    text: rollout("    steps: []\n    recreate: {}\n"),
    lines: [
      "error: shop.yaml:19:5: spec.strategy.steps: unknown field; known are canary, blueGreen, rollingUpdate and recreate.",
    ],
  },
  {
    name: "a wrong type",
    text: canary('      {setWeight: "20"}'),
    lines: [
      'error: shop.yaml:20:8: spec.strategy.canary.steps[0].setWeight: must be a whole number, but is "20"; write a whole number.',
    ],
  },
  {
    name: "a time that is none",
    text: rollout("    recreate: {}\n  restartAt: noon\n"),
    lines: [
      'error: shop.yaml:20:3: spec.restartAt: must be a time such as 2026-11-21T06:48:00Z, but is "noon"; write a time such as 2026-11-21T06:48:00Z.',
    ],
  },
  {
    name: "a misspelt kind",
    text: "apiVersion: argoproj.io/v1alpha1\nkind: Rolout\nmetadata: {name: a}\n",
    lines: [
      "error: shop.yaml:2:1: there is no kind Rolout in argoproj.io/v1alpha1; did you mean Rollout?",
    ],
  },
  {
    name: "the wrong version of a kind",
    text: "apiVersion: argoproj.io/v1alpha2\nkind: Rollout\nmetadata: {name: a}\n",
    lines: [
      "error: shop.yaml:1:1: there is no kind Rollout in argoproj.io/v1alpha2; did you mean argoproj.io/v1alpha1?",
    ],
  },
  {
    name: "kinds that a cluster may have",
    text: [
      "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\n",
      "apiVersion: gateway.networking.k8s.io/v1beta1\nkind: HTTPRoute\nmetadata: {name: a}\n",
      "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TCPRoute\nmetadata: {name: a}\n",
    ].join("---\n"),
    lines: [
      "warning: shop.yaml:2:1: VirtualService of networking.istio.io/v1 is not a kind that is known here, so its fields are not checked; nothing is to be done if your cluster knows it.",
      "warning: shop.yaml:5:1: HTTPRoute of gateway.networking.k8s.io/v1beta1 is not a kind that is known here, so its fields are not checked; nothing is to be done if your cluster knows it.",
      "warning: shop.yaml:10:1: TCPRoute of gateway.networking.k8s.io/v1alpha2 is not a kind that is known here, so its fields are not checked; nothing is to be done if your cluster knows it.",
    ],
  },
  {
    name: "no kind at all",
    text: "metadata: {name: a}\nspec: {}\n",
    lines: [
      expect.stringMatching(
        /^error: shop\.yaml:1:1: there is no kind \(empty\) in \(no apiVersion\); known are Namespace, Pod, /,
      ),
    ],
  },
  {
    name: "text that is no YAML",
    text: "kind: Rollout\n  name: x\n",
    lines: [
      "error: shop.yaml:1:7: this is not valid YAML: Nested mappings are not allowed in compact mappings; correct the text at this place; often it is the indentation or a missing quote.",
    ],
  },
  {
    name: "a document that is no object",
    text: "- kind: Rollout\n",
    lines: [
      "error: shop.yaml:1:1: a document must be an object with apiVersion, kind and metadata, but this is a list; begin it with `apiVersion:` and `kind:`.",
    ],
  },
  {
    name: "a built-in kind's rules",
    text: "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec:\n  ports:\n    - {port: 0}\n",
    lines: [
      "error: shop.yaml:6:8: spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive; change the value.",
    ],
  },
  {
    name: "a generated name",
    text: "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n",
    lines: [],
  },
];

const rolloutRows: readonly Row[] = [
  {
    name: "two strategies",
    text: rollout("    canary: {}\n    blueGreen: {activeService: a}\n"),
    lines: [
      "error: shop.yaml:18:3: spec.strategy: 2 strategies are given (blueGreen and canary); keep exactly one of them.",
      'warning: shop.yaml:20:17: spec.strategy.blueGreen.activeService: there is no Service "a" in namespace default; add the Service, or correct the name.',
    ],
  },
  {
    name: "no strategy",
    text: rollout("    {}\n"),
    lines: [
      "error: shop.yaml:18:3: spec.strategy: no strategy is given; add one of canary, blueGreen, rollingUpdate, recreate.",
    ],
  },
  {
    name: "a pause that is text",
    text: canary("      {pause: 5m}"),
    lines: [
      'error: shop.yaml:20:8: spec.strategy.canary.steps[0].pause: must be an object, but is "5m"; write `pause: {}` to wait for a promote, or `pause: {duration: 5m}` to wait that long.',
    ],
  },
  {
    name: "a pause of days",
    text: canary("      {pause: {duration: 1d}}"),
    lines: [
      'error: shop.yaml:20:16: spec.strategy.canary.steps[0].pause.duration: Invalid value: "1d": Duration needs to be greater than 0; write `pause: {}` to wait for a promote, or `pause: {duration: 5m}` to wait that long.',
    ],
  },
  {
    name: "a misspelt duration",
    text: canary("      {pause: {duraton: 5m}}"),
    lines: [
      "error: shop.yaml:20:16: spec.strategy.canary.steps[0].pause.duraton: unknown field; did you mean duration?",
    ],
  },
  {
    name: "two actions in one step",
    text: canary("      {setWeight: 20, pause: {}}"),
    lines: [
      "error: shop.yaml:20:7: spec.strategy.canary.steps[0]: the step has pause and setWeight at once; a step has exactly one of setWeight, pause, setCanaryScale, analysis, experiment, setHeaderRoute, setMirrorRoute or plugin.",
    ],
  },
  {
    name: "a step without an action, as a bare `pause:` is",
    text: canary("      {pause: }"),
    lines: [
      "error: shop.yaml:20:7: spec.strategy.canary.steps[0]: the step says nothing to do; a step has exactly one of setWeight, pause, setCanaryScale, analysis, experiment, setHeaderRoute, setMirrorRoute or plugin.",
    ],
  },
  {
    name: "one of Argo's rules",
    text: canary("      {setWeight: 120}"),
    lines: [
      "error: shop.yaml:20:8: spec.strategy.canary.steps[0].setWeight: Invalid value: 120: SetWeight needs to be between 0 and 100; change the value.",
    ],
  },
  {
    name: "weights that the replicas cannot make, stated (S4.3)",
    text: canary("      {setWeight: 20},\n      {setWeight: 33},\n      {setWeight: 1}"),
    lines: [
      "warning: shop.yaml:21:8: spec.strategy.canary.steps[1].setWeight: 10 replicas cannot split 33 %: without traffic routing the share follows the pods, here 30 % (3 of 10 pods); add trafficRouting, more replicas, or a weight the replicas can reach.",
      "warning: shop.yaml:22:8: spec.strategy.canary.steps[2].setWeight: 10 replicas cannot split 1 %: without traffic routing the share follows the pods, here 9.1 % (1 of 11 pods); add trafficRouting, more replicas, or a weight the replicas can reach.",
    ],
  },
  {
    name: "a share of an experiment whose pods have no port for its Service",
    text: rollout(`    canary:
      trafficRouting: {plugins: {argoproj-labs/gatewayAPI: {httpRoute: shop}}}
      canaryService: shop-canary
      stableService: shop-stable
      steps:
        - experiment:
            templates:
              - {name: baseline, specRef: stable, weight: 5}
              - {name: canary, specRef: canary}
`).replace("          ports:\n            - containerPort: 8080\n", ""),
    lines: [
      'warning: shop.yaml:18:61: spec.strategy.canary.trafficRouting.plugins[argoproj-labs/gatewayAPI].httpRoute: there is no HTTPRoute "shop" in namespace default; add it, or correct the name.',
      'warning: shop.yaml:19:7: spec.strategy.canary.canaryService: there is no Service "shop-canary" in namespace default; add the Service, or correct the name.',
      'warning: shop.yaml:20:7: spec.strategy.canary.stableService: there is no Service "shop-stable" in namespace default; add the Service, or correct the name.',
      "warning: shop.yaml:24:51: spec.strategy.canary.steps[0].experiment.templates[0].weight: the experiment's baseline gets none of its 5 %: a share is led to a Service, which needs a port, and the pods name none; name the containers' ports (containerPort), or take the weight away.",
    ],
  },
  {
    name: "no weights where a misspelt field may decide them",
    text: canary("      {setWeight: 33}").replace("replicas:", "replica:"),
    lines: ["error: shop.yaml:6:3: spec.replica: unknown field; did you mean replicas?"],
  },
  {
    name: "what nothing carries out",
    text:
      rollout(
        "    canary: {stableService: shop-stable, canaryService: shop-canary, trafficRouting: {nginx: {stableIngress: i}}, steps: [{plugin: {name: a/b}}]}\n",
      ) + service,
    lines: [
      "notice: shop.yaml:19:87: not carried out yet: spec.strategy.canary.trafficRouting.nginx; it is kept, but has no effect here.",
      "notice: shop.yaml:19:124: not carried out yet: spec.strategy.canary.steps[0].plugin; a rollout stops at this step until somebody promotes past it or aborts.",
    ],
  },
];

const referenceRows: readonly Row[] = [
  {
    name: "a missing Service where the files describe the namespace",
    text: routed + service.split("---")[1]!.replace(/^/, "---") + route,
    lines: [
      'error: shop.yaml:21:7: spec.strategy.canary.canaryService: there is no Service "shop-canary" in namespace default; add it, or use one of shop-stable.',
    ],
  },
  {
    name: "missing objects of a Rollout that stands alone",
    text: routed,
    lines: [
      'warning: shop.yaml:20:7: spec.strategy.canary.stableService: there is no Service "shop-stable" in namespace default; add the Service, or correct the name.',
      'warning: shop.yaml:21:7: spec.strategy.canary.canaryService: there is no Service "shop-canary" in namespace default; add the Service, or correct the name.',
      'warning: shop.yaml:24:38: spec.strategy.canary.trafficRouting.plugins[argoproj-labs/gatewayAPI].httpRoute: there is no HTTPRoute "shop" in namespace default; add it, or correct the name.',
    ],
  },
  {
    name: "a missing HTTPRoute",
    text: routed + service,
    lines: [
      'error: shop.yaml:24:38: spec.strategy.canary.trafficRouting.plugins[argoproj-labs/gatewayAPI].httpRoute: there is no HTTPRoute "shop" in namespace default; add it, or correct the name.',
    ],
  },
  {
    name: "Services of another namespace do not count",
    text: routed + service.replaceAll("{name: shop-", "{namespace: other, name: shop-") + route,
    lines: [
      'error: shop.yaml:20:7: spec.strategy.canary.stableService: there is no Service "shop-stable" in namespace default; add the Service, or correct the name.',
      'error: shop.yaml:21:7: spec.strategy.canary.canaryService: there is no Service "shop-canary" in namespace default; add the Service, or correct the name.',
    ],
  },
  {
    name: "a Service that selects other pods",
    text: routed + service.replace("{app: shop}", "{app: shop, tier: web}") + route,
    lines: [
      'error: shop.yaml:20:7: spec.strategy.canary.stableService: Invalid value: "shop-stable": Service "shop-stable" has unmatch label "tier" in rollout; change the value.',
    ],
  },
  {
    name: "a missing AnalysisTemplate",
    text: canary(
      "      {analysis: {templates: [{templateName: ok}, {templateName: all, clusterScope: true}]}}",
    ),
    lines: [
      'warning: shop.yaml:20:32: spec.strategy.canary.steps[0].analysis.templates[0].templateName: there is no AnalysisTemplate "ok" in namespace default; add it, or correct the name.',
      'warning: shop.yaml:20:52: spec.strategy.canary.steps[0].analysis.templates[1].templateName: there is no ClusterAnalysisTemplate "all"; add it, or correct the name.',
    ],
  },
  {
    name: "a template that never ends, waited for by a step",
    text:
      canary("      {analysis: {templates: [{templateName: ok}]}}") +
      "---\napiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: ok}\nspec: {metrics: [{name: m, interval: 5s, provider: {web: {url: u}}}]}\n",
    lines: [
      'error: shop.yaml:20:19: spec.strategy.canary.steps[0].analysis.templates: Invalid value: "templateNames: [ok]": AnalysisTemplate ok has metric m which runs indefinitely. Invalid value for count: <nil>; change the value.',
    ],
  },
];

function template(metric: string): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: ok}
spec:
  args: [{name: limit}]
  metrics:
    - name: errors
${metric}`;
}

const analysisRows: readonly Row[] = [
  {
    name: "a condition that cannot be read",
    text: template("      successCondition: result >\n      provider: {web: {url: u}}\n"),
    lines: [
      "error: shop.yaml:8:7: spec.metrics[0].successCondition: the condition cannot be read at its column 9: unexpected token EOF, in result >; correct the expression; `result` is what the provider answered.",
    ],
  },
  {
    name: "an argument in a condition keeps the columns",
    text: template(
      '      successCondition: "result < {{args.limit}} and resutl > 1"\n      provider: {web: {url: u}}\n',
    ),
    lines: [
      "warning: shop.yaml:8:7: spec.metrics[0].successCondition: the condition cannot be read at its column 29: unknown name resutl, in result < {{args.limit}} and resutl > 1; correct the expression; `result` is what the provider answered.",
    ],
  },
  {
    name: "arguments where numbers and durations belong",
    text: template(
      '      interval: "{{args.limit}}"\n      count: "{{args.limit}}"\n      failureLimit: "{{args.limit}}"\n      provider: {web: {url: u}}\n',
    ),
    lines: [],
  },
  {
    name: "a metric that cannot be measured",
    text: template("      count: 3\n      provider: {web: {url: u}}\n"),
    lines: [
      "error: shop.yaml:7:7: spec.metrics[0]: interval must be specified when count > 1; change the value.",
    ],
  },
  {
    name: "providers that nothing asks, and a misspelt one",
    text: template(
      "      provider: {datadog: {query: q}}\n    - name: b\n      provider: {prometeus: {query: q}}\n    - name: c\n      provider: {plugin: {a/b: {}}}\n",
    ),
    lines: [
      "notice: shop.yaml:8:18: not carried out yet: spec.metrics[0].provider.datadog; it is kept, but has no effect here.",
      "error: shop.yaml:10:18: spec.metrics[1].provider.prometeus: unknown field; did you mean prometheus?",
      "notice: shop.yaml:10:18: not carried out yet: spec.metrics[1].provider.prometeus; it is kept, but has no effect here.",
      "notice: shop.yaml:12:27: not carried out yet: spec.metrics[2].provider.plugin[a/b]; it is kept, but has no effect here.",
    ],
  },
  {
    name: "a template made of others",
    text: "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: ok}\nspec: {templates: [{templateName: a}]}\n",
    lines: [],
  },
  {
    name: "an Experiment's rules",
    text: "apiVersion: argoproj.io/v1alpha1\nkind: Experiment\nmetadata: {name: e}\nspec:\n  templates:\n    - {name: a, selector: {}, template: {spec: {containers: []}}}\n",
    lines: [
      "error: shop.yaml:5:3: spec.templates: This experiment is selecting all pods at index 0. A non-empty selector is required; change the value.",
    ],
  },
];

describe.each([
  ["fields", fieldRows],
  ["a Rollout", rolloutRows],
  ["references", referenceRows],
  ["analysis and experiments", analysisRows],
])("findings about %s", (_, rows) => {
  it.each(rows)("$name", ({ text, lines }) => {
    expect(linesOf(text)).toEqual(lines);
  });
});

describe("a finding", () => {
  it("has its parts for programs", () => {
    expect(findingsOf(canary("      {setWeigth: 20}"))).toEqual([
      {
        level: "error",
        code: "FIELD_UNKNOWN",
        file: "shop.yaml",
        position: { line: 20, column: 8 },
        field: "spec.strategy.canary.steps[0].setWeigth",
        what: "unknown field",
        wayOut: "did you mean setWeight?",
        text: "shop.yaml:20:8: spec.strategy.canary.steps[0].setWeigth: unknown field; did you mean setWeight?",
      },
    ]);
  });
});
