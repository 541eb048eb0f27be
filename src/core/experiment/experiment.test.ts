import { describe, expect, it } from "vitest";
import type { ExperimentSpec } from "../../api/argo/experiment.ts";
import { decideExperiment } from "./experiment.ts";
import {
  analysisTemplate,
  at,
  experimentOf,
  observedOf,
  play,
  startMs,
  templateNamed,
  worldOf,
  type Script,
} from "./transcript.test-support.ts";

const one = { templates: [templateNamed("a")] } satisfies ExperimentSpec;
const analysis = { name: "check", templateName: "t" };
const required = { ...analysis, requiredForCompletion: true };
const t = [analysisTemplate("t")];

describe("whole experiments", () => {
  it.each<[string, ExperimentSpec, Script, readonly string[]]>([
    [
      "runs for its duration and leaves its pods for the delay",
      {
        templates: [templateNamed("a", { replicas: 2 }), templateNamed("b")],
        duration: "10s",
        scaleDownDelaySeconds: 5,
      },
      {},
      [
        "0s Pending a=Progressing 0/2 b=Progressing 0/1",
        "3s Running a=Running 2/2 b=Running 1/1",
        "13s Successful a=Successful 2/2 b=Successful 1/1",
        "18s Successful a=Successful 2/0 b=Successful 1/0",
        "19s Successful a=Successful 0/0 b=Successful 0/0",
      ],
    ],
    [
      "scales down at once with a delay of 0",
      { ...one, duration: "3s", scaleDownDelaySeconds: 0 },
      {},
      [
        "0s Pending a=Progressing 0/1",
        "3s Running a=Running 1/1",
        "6s Successful a=Successful 1/0",
        "7s Successful a=Successful 0/0",
      ],
    ],
    [
      "without duration and required analysis it runs on",
      one,
      {},
      ["0s Pending a=Progressing 0/1", "3s Running a=Running 1/1"],
    ],
    [
      "terminated",
      { ...one, scaleDownDelaySeconds: 0 },
      {
        at: {
          9: (world) =>
            (world.experiment = {
              ...world.experiment,
              spec: { ...world.experiment.spec, terminate: true },
            }),
        },
      },
      [
        "0s Pending a=Progressing 0/1",
        "3s Running a=Running 1/1",
        "9s Successful a=Successful 1/0",
        "10s Successful a=Successful 0/0",
      ],
    ],
    [
      "a template that does not come up in time fails all",
      {
        templates: [templateNamed("a"), templateNamed("b")],
        progressDeadlineSeconds: 20,
        scaleDownDelaySeconds: 0,
      },
      { startsIn: { b: Infinity } },
      [
        "0s Pending a=Progressing 0/1 b=Progressing 0/1",
        "3s Pending a=Running 1/1 b=Progressing 0/1",
        "21s Failed a=Successful 1/0 b=Failed 0/0 \"Template 'b' exceeded its progressDeadlineSeconds (20)\"",
        "22s Failed a=Successful 0/0 b=Failed 0/0 \"Template 'b' exceeded its progressDeadlineSeconds (20)\"",
      ],
    ],
    [
      "a failed analysis ends it",
      { ...one, analyses: [analysis], scaleDownDelaySeconds: 0 },
      { templates: t, runs: { check: { atSecond: 8, phase: "Failed", message: "too slow" } } },
      [
        "0s Pending a=Progressing 0/1",
        "3s Running a=Running 1/1 check:Pending",
        "4s Running a=Running 1/1 check:Running",
        '8s Failed a=Successful 1/0 check:Failed "too slow"',
        '9s Failed a=Successful 0/0 check:Failed "too slow"',
      ],
    ],
    [
      "an inconclusive analysis is told as such",
      { ...one, analyses: [analysis], scaleDownDelaySeconds: 0 },
      { templates: t, runs: { check: { atSecond: 8, phase: "Inconclusive" } }, untilSecond: 8 },
      [
        "0s Pending a=Progressing 0/1",
        "3s Running a=Running 1/1 check:Pending",
        "4s Running a=Running 1/1 check:Running",
        "8s Inconclusive a=Successful 1/0 check:Inconclusive",
      ],
    ],
    [
      "required analyses done end it, and stop the optional ones",
      {
        ...one,
        analyses: [required, { name: "extra", templateName: "t" }],
        scaleDownDelaySeconds: 0,
      },
      { templates: t, runs: { check: { atSecond: 8, phase: "Successful" } } },
      [
        "0s Pending a=Progressing 0/1",
        "3s Running a=Running 1/1 check:Pending extra:Pending",
        "4s Running a=Running 1/1 check:Running extra:Running",
        '8s Successful a=Successful 1/0 check:Successful extra:Running(stopped) "Required AnalysisRuns completed"',
        '9s Successful a=Successful 0/0 check:Successful extra:Successful(stopped) "Required AnalysisRuns completed"',
      ],
    ],
    [
      "with its duration over, the pods stay until a required analysis has ended",
      { ...one, analyses: [required], duration: "3s", scaleDownDelaySeconds: 0 },
      { templates: t, runs: { check: { atSecond: 20, phase: "Successful" } }, untilSecond: 20 },
      [
        "0s Pending a=Progressing 0/1",
        "3s Running a=Running 1/1 check:Pending",
        "4s Running a=Running 1/1 check:Running",
        '20s Successful a=Successful 1/0 check:Successful "Required AnalysisRuns completed"',
      ],
    ],
    [
      "with its duration over, optional analyses are stopped",
      { ...one, analyses: [analysis], duration: "5s", scaleDownDelaySeconds: 0 },
      { templates: t },
      [
        "0s Pending a=Progressing 0/1",
        "3s Running a=Running 1/1 check:Pending",
        "4s Running a=Running 1/1 check:Running",
        "8s Successful a=Successful 1/0 check:Running(stopped)",
        "9s Successful a=Successful 0/0 check:Successful(stopped)",
      ],
    ],
    [
      "an analysis template that does not exist is told before there are pods",
      { ...one, analyses: [analysis], scaleDownDelaySeconds: 0 },
      {},
      [
        "0s Error a=Successful 0/0 check:Error \"AnalysisTemplate verification failed for analysis 'check': AnalysisTemplate 't' not found\"",
      ],
    ],
    [
      "an argument that cannot be had is told when the run is made",
      { ...one, analyses: [analysis], scaleDownDelaySeconds: 0 },
      { templates: [analysisTemplate("t", ["x"])], untilSecond: 3 },
      [
        "0s Pending a=Progressing 0/1",
        "3s Error a=Successful 1/0 check:Error \"Failed to create AnalysisRun for analysis 'check': args.x was not resolved\"",
      ],
    ],
    [
      "Services live as long as pods do",
      {
        templates: [
          templateNamed("a", { service: {} }),
          templateNamed("b", { service: { name: "mine" } }),
        ],
        duration: "3s",
        scaleDownDelaySeconds: 2,
      },
      {},
      [
        "0s Pending a=Progressing 0/1 b=Progressing 0/1 svc/exp-a svc/mine",
        "3s Running a=Running 1/1 b=Running 1/1 svc/exp-a svc/mine",
        "6s Successful a=Successful 1/1 b=Successful 1/1 svc/exp-a svc/mine",
        "8s Successful a=Successful 1/0 b=Successful 1/0 svc/exp-a svc/mine",
        "9s Successful a=Successful 0/0 b=Successful 0/0",
      ],
    ],
    [
      "pods that go while it runs are waited for",
      { ...one, duration: "20s", scaleDownDelaySeconds: 0 },
      {
        at: {
          8: (world) =>
            (world.replicaSets = world.replicaSets.map((set) => ({
              ...set,
              status: { replicas: 0, availableReplicas: 0 },
            }))),
        },
        untilSecond: 12,
      },
      [
        "0s Pending a=Progressing 0/1",
        "3s Running a=Running 1/1",
        "8s Running a=Progressing 0/1",
        "10s Running a=Running 1/1",
      ],
    ],
  ])("%s", (_name, spec, script, lines) => {
    expect(play(spec, script).lines).toEqual(lines);
  });

  it("a retried experiment starts anew under new run names", () => {
    const spec = { ...one, analyses: [required], scaleDownDelaySeconds: 0 };
    const runs = { check: { atSecond: 5, phase: "Failed" } } as const;
    const world = play(spec, { templates: t, runs, untilSecond: 30 });
    expect(world.experiment.status?.phase).toBe("Failed");
    const { status: _forgotten, ...retried } = world.experiment;
    world.experiment = retried;
    play(spec, { world, runs: { check: { atSecond: 5, phase: "Successful" } }, untilSecond: 30 });
    expect(world.experiment.status).toMatchObject({
      phase: "Successful",
      analysisRuns: [{ analysisRun: "exp-check.1" }],
    });
  });
});

describe("what is made", () => {
  it("a ReplicaSet found again by its annotations, with a hash of its own", () => {
    const stale = { "rollouts-pod-template-hash": "of-the-rollout" };
    const template = templateNamed("a", {
      minReadySeconds: 3,
      selector: { matchLabels: { app: "a", ...stale } },
    });
    const { metadata, spec } = template.template;
    const withHash = {
      ...template,
      template: { spec, metadata: { labels: { ...metadata?.labels, ...stale } } },
    };
    const [set] = play({ templates: [withHash] }, { untilSecond: 0 }).replicaSets;
    const hash = set?.metadata.labels?.["rollouts-pod-template-hash"];
    expect(hash).not.toBe("of-the-rollout");
    expect(set).toMatchObject({
      metadata: {
        name: "exp-a",
        annotations: {
          "experiment.argoproj.io/name": "exp",
          "experiment.argoproj.io/template-name": "a",
        },
        ownerReferences: [{ kind: "Experiment", uid: "exp-uid", controller: true }],
      },
      spec: {
        minReadySeconds: 3,
        selector: { matchLabels: { app: "a", "rollouts-pod-template-hash": hash } },
        template: { metadata: { labels: { app: "a", "rollouts-pod-template-hash": hash } } },
      },
    });
    const [plain] = play({ templates: [template] }, { untilSecond: 0 }).replicaSets;
    expect(plain?.metadata.labels?.["rollouts-pod-template-hash"]).toBe(hash);
  });

  it("a Service with all container ports, recorded with the hash", () => {
    const { services, experiment } = play(
      { templates: [templateNamed("a", { service: {} })] },
      { untilSecond: 1 },
    );
    const status = experiment.status?.templateStatuses?.[0];
    expect(services[0]?.spec).toEqual({
      selector: { app: "a", "rollouts-pod-template-hash": status?.podTemplateHash },
      ports: [{ name: "http", port: 8080, targetPort: 8080 }],
    });
    expect(status?.serviceName).toBe("exp-a");
  });

  it("no Service without a port", () => {
    const template = templateNamed("a", {
      service: {},
      template: { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "c" }] } },
    });
    expect(play({ templates: [template] }, { untilSecond: 1 }).services).toEqual([]);
  });

  it("a run with its arguments filled in", () => {
    const args = [
      { name: "hash", value: "{{templates.a.podTemplateHash}}" },
      { name: "set", value: "{{ templates.a.replicaset.name }}" },
      { name: "from", value: "{{experiment.availableAt}}" },
      { name: "to", value: "{{experiment.finishedAt}}" },
    ];
    const metadata = { labels: { team: "x" }, annotations: { note: "y" } };
    const spec = {
      ...one,
      duration: "1m",
      analyses: [{ ...analysis, args }],
      analysisRunMetadata: metadata,
      dryRun: [{ metricName: "m" }],
    };
    const templates = [analysisTemplate("t", ["hash", "set", "from", "to"])];
    const { analysisRuns, replicaSets } = play(spec, { templates, untilSecond: 4 });
    expect(analysisRuns[0]).toMatchObject({
      metadata: {
        name: "exp-check",
        labels: { team: "x" },
        annotations: { note: "y" },
        ownerReferences: [{ uid: "exp-uid" }],
      },
      spec: {
        dryRun: [{ metricName: "m" }],
        args: [
          { name: "hash", value: replicaSets[0]?.metadata.labels?.["rollouts-pod-template-hash"] },
          { name: "set", value: "exp-a" },
          { name: "from", value: at(3) },
          { name: "to", value: at(63) },
        ],
      },
    });
  });

  it.each([
    ["{{experiment.finishedAt}}", "failed to resolve {{experiment.finishedAt}}"],
    ["{{args.x}}", "failed to resolve {{args.x}}"],
  ])("an argument %s that nothing gives is an error", (value, problem) => {
    const spec = { ...one, analyses: [{ ...analysis, args: [{ name: "x", value }] }] };
    const { experiment } = play(spec, {
      templates: [analysisTemplate("t", ["x"])],
      untilSecond: 4,
    });
    expect(experiment.status?.message).toBe(
      `Failed to create AnalysisRun for analysis 'check': ${problem}`,
    );
  });
});

describe("obstacles", () => {
  it("a Service of that name that belongs to somebody else", () => {
    const world = worldOf(
      experimentOf({ templates: [templateNamed("a", { service: { name: "shop" } })] }),
    );
    world.services.push({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "shop", namespace: "default", uid: "other" },
      spec: {},
    });
    play(world.experiment.spec, { world, untilSecond: 1 });
    expect(world.experiment.status).toMatchObject({
      phase: "Error",
      message:
        "Failed to create Service shop for template 'a': service shop already exists and is not owned by experiment template a",
    });
    expect(world.services).toHaveLength(1);
  });

  it.each([
    ["replicaSet", "Failed to create ReplicaSet for template 'a': nope"],
    ["scale", "Unable to scale ReplicaSet for template 'a' to desired replica count '1': nope"],
  ] as const)("a %s that the store refuses", (what, message) => {
    const world = worldOf(experimentOf(one));
    const refusals = [{ what, target: "a", message: "nope" }];
    const { status } = decideExperiment({ ...observedOf(world), refusals }, startMs);
    expect(status).toMatchObject({
      phase: "Error",
      message,
      templateStatuses: [{ status: "Error", message }],
    });
  });
});

describe("the spec is checked", () => {
  const { selector: _none, ...unselected } = templateNamed("a");
  it.each<[ExperimentSpec, string]>([
    [{ templates: [unselected] }, "Rollout has missing field '.Spec.Templates[0].Selector'"],
    [
      { templates: [templateNamed("a", { selector: {} })] },
      "This experiment is selecting all pods at index 0. A non-empty selector is required.",
    ],
    [
      { templates: [templateNamed("a", { minReadySeconds: 601 })] },
      "MinReadySeconds cannot be longer than ProgressDeadlineSeconds. Check template index 0",
    ],
    [
      { templates: [templateNamed("a"), templateNamed("")] },
      "Experiment exp has empty template name at index 1",
    ],
    [
      { templates: [templateNamed("a"), templateNamed("a")] },
      "Experiment exp has repeated template name 'a' in templates",
    ],
    [
      {
        ...one,
        analyses: [
          { name: "q", templateName: "good" },
          { name: "q", templateName: "bad" },
        ],
      },
      "Experiment exp has repeated analysis name 'q' in analyses",
    ],
    [{ ...one, duration: "5" }, 'invalid duration string: time: missing unit in duration "5"'],
  ])("%#", (spec, problem) => {
    const world = play(spec, { untilSecond: 1 });
    expect(world.experiment.status).toEqual({
      conditions: [
        {
          type: "InvalidSpec",
          status: "True",
          reason: "InvalidSpec",
          message: `The Experiment "exp" is invalid: ${problem}`,
          lastUpdateTime: at(0),
          lastTransitionTime: at(0),
        },
      ],
    });
    expect(world.replicaSets).toEqual([]);
  });

  it("goes on once the spec is right", () => {
    const world = play({ ...one, duration: "5" }, { untilSecond: 1 });
    world.experiment = { ...world.experiment, spec: { ...one, duration: "5s" } };
    play(one, { world, untilSecond: 20 });
    expect(world.experiment.status?.phase).toBe("Successful");
    expect(world.experiment.status?.conditions?.map(({ type, reason }) => [type, reason])).toEqual([
      ["Progressing", "ExperimentCompleted"],
    ]);
  });
});

it("tells what happens, each once", () => {
  const { events } = play(
    { ...one, duration: "3s", scaleDownDelaySeconds: 0, analyses: [analysis] },
    { templates: t, runs: { check: { atSecond: 4, phase: "Successful" } } },
  );
  expect(events).toEqual([
    "Normal TemplateProgressing: Template 'a' transitioned from  -> Progressing",
    "Normal ExperimentPending: Experiment transitioned from  -> Pending",
    "Normal ScalingReplicaSet: Scaled up ReplicaSet exp-a from 0 to 1",
    "Normal TemplateRunning: Template 'a' transitioned from Progressing -> Running",
    "Normal ExperimentRunning: Experiment transitioned from Pending -> Running",
    "Normal AnalysisRunPending: AnalysisRun 'check' transitioned from  -> Pending",
    "Normal AnalysisRunSuccessful: AnalysisRun 'check' transitioned from Pending -> Successful",
    "Normal ScalingReplicaSet: Scaled down ReplicaSet exp-a from 1 to 0",
    "Normal TemplateSuccessful: Template 'a' transitioned from Running -> Successful",
    "Normal ExperimentSuccessful: Experiment transitioned from Running -> Successful",
  ]);
});
