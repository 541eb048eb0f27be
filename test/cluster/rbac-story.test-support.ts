// Rollouts that between them use everything a controller does to a cluster, as manifests.

const pod = (app: string, image: string): string => `
    metadata: { labels: { app: ${app} } }
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: app, image: "${image}", ports: [{ containerPort: 8080 }] }] }`;

const service = (app: string, name: string): string => `
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${app} }, ports: [{ port: 80, targetPort: 8080 }] }`;

const rollout = (name: string, instance: string): string => `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: ${name}, labels: { argo-rollouts.argoproj.io/controller-instance-id: ${instance} } }`;

/** A Job as the answer; the token comes from a Secret. */
export const templates = (instance: string): string => `
apiVersion: v1
kind: Secret
metadata: { name: token }
stringData: { value: sesame }
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: passes, labels: { argo-rollouts.argoproj.io/controller-instance-id: ${instance} } }
spec:
  args: [{ name: token, valueFrom: { secretKeyRef: { name: token, key: value } } }]
  measurementRetention: [{ metricName: job, limit: 1 }]
  metrics:
    - name: job
      count: 3
      interval: 1s
      provider:
        job:
          spec:
            backoffLimit: 0
            template:
              spec:
                restartPolicy: Never
                containers: [{ name: test, image: test, command: ["true"], env: [{ name: TOKEN, value: "{{args.token}}" }] }]
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: endless, labels: { argo-rollouts.argoproj.io/controller-instance-id: ${instance} } }
spec:
  metrics:
    - name: job
      provider:
        job:
          spec:
            backoffLimit: 0
            template: { spec: { restartPolicy: Never, containers: [{ name: test, image: test, command: [sleep, 1000s] }] } }`;

/** Steps with an analysis and an experiment, split by an Ingress; old versions are not kept. */
export const canary = (instance: string, image: string): string => `${rollout("canary", instance)}
spec:
  replicas: 2
  revisionHistoryLimit: 0
  analysis: { successfulRunHistoryLimit: 0, unsuccessfulRunHistoryLimit: 0 }
  selector: { matchLabels: { app: canary } }
  template:${pod("canary", image)}
  strategy:
    canary:
      canaryService: canary
      stableService: stable
      scaleDownDelaySeconds: 1
      canaryMetadata: { labels: { role: canary } }
      stableMetadata: { labels: { role: stable } }
      trafficRouting: { nginx: { stableIngress: web } }
      steps:
        - setWeight: 50
        - analysis: { templates: [{ templateName: passes }] }
        - experiment:
            duration: 1s
            scaleDownDelaySeconds: 0
            templates: [{ name: baseline, specRef: stable, service: {} }]
        - pause: {}`;

/** Apart from the rollouts: a Service's selector is one value to server-side apply, hash included. */
export const services = `${[
  service("canary", "canary"),
  service("canary", "stable"),
  service("blue-green", "active"),
  service("blue-green", "preview"),
].join("")}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec:
  ingressClassName: nginx
  rules: [{ host: web.example, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: stable, port: { number: 80 } } } }] } }]`;

/** The analysis after the switch does not end by itself. */
export const blueGreen = (
  instance: string,
  image: string,
): string => `${rollout("blue-green", instance)}
spec:
  replicas: 2
  selector: { matchLabels: { app: blue-green } }
  template:${pod("blue-green", image)}
  strategy:
    blueGreen:
      activeService: active
      previewService: preview
      scaleDownDelaySeconds: 1
      prePromotionAnalysis: { templates: [{ templateName: endless }] }`;

/** Names a template that nobody has. */
export const lost = (instance: string): string => `${rollout("lost", instance)}
spec:
  replicas: 1
  selector: { matchLabels: { app: lost } }
  template:${pod("lost", "lost:1")}
  strategy: { canary: { steps: [{ analysis: { templates: [{ templateName: nowhere, clusterScope: true }] } }] } }`;

/** Takes the pods over from a Deployment. */
export const fromWorkload = (instance: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:${pod("web", "web:1")}
---${rollout("from-workload", instance)}
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  workloadRef: { apiVersion: apps/v1, kind: Deployment, name: web, scaleDown: onsuccess }
  strategy: { canary: {} }
---
apiVersion: v1
kind: PodTemplate
metadata: { name: plain }
template:${pod("plain", "plain:1").replaceAll("\n    ", "\n  ")}
---${rollout("from-template", instance)}
spec:
  replicas: 1
  selector: { matchLabels: { app: plain } }
  workloadRef: { apiVersion: v1, kind: PodTemplate, name: plain }
  strategy: { canary: {} }`;

/** Kayenta's own configuration in a ConfigMap, and a template that reads it. */
export const canaryConfiguration = (instance: string, prometheus: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: { name: canary-config }
data:
  canary.json: |
    { "judge": { "name": "NetflixACAJudge-v1.0" },
      "metrics": [{ "name": "errors", "groups": ["all"], "scopeName": "default",
                    "query": { "type": "prometheus", "customInlineTemplate": "PromQL:errors{version=\\"\${scope}\\"}" } }],
      "classifier": { "groupWeights": { "all": 100 } } }
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: configured, labels: { argo-rollouts.argoproj.io/controller-instance-id: ${instance} } }
spec:
  metrics:
    - name: configured
      provider:
        plugin:
          haldane.dev/kayenta:
            configMap: { name: canary-config }
            prometheus: { address: "${prometheus}" }
            control: { scope: old }
            experiment: { scope: new }
            lookback: 60s
            step: 1s
            threshold: { pass: 95, marginal: 75 }`;

/** Judged by both judges: by the guard in the background, by Kayenta's in a step. */
export const judged = (instance: string, image: string, prometheus: string): string => `${rollout(
  "judged",
  instance,
).replace(
  "name: judged,",
  `name: judged, annotations: { haldane.dev/guard: "errors", haldane.dev/guard-source: '${JSON.stringify(
    { prometheus: { address: prometheus, preset: "istio", tick: "1s" } },
  )}' },`,
)}
spec:
  replicas: 2
  selector: { matchLabels: { app: judged } }
  template:${pod("judged", image)}
  strategy:
    canary:
      steps:
        - setWeight: 50
        - analysis: { templates: [{ templateName: configured }] }
        - pause: { duration: 1h }`;
