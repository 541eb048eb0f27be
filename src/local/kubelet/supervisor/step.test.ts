import { describe, expect, it } from "vitest";
import type { Container, Pod, PodSpec, PodStatus } from "../../../api/kubernetes/pod.ts";
import { defaultTiming, freshRecord } from "./record.ts";
import type { Action, PodMemory, ProcessFact, Result } from "./record.ts";
import { statusOf } from "./status.ts";
import { step } from "./step.ts";

/** How the described processes behave: exit after a while, ignore SIGTERM, answer probes. */
interface Behaviour {
  /** By attempt; the last entry holds for all later ones. Absent: runs for ever. */
  readonly exits?: readonly (readonly [afterMs: number, code: number])[];
  readonly termMs?: number;
  /** It has a child that lives on; how long that takes to end on SIGTERM. */
  readonly childTermMs?: number;
  readonly probe?: (kind: string, atMs: number) => boolean;
  readonly blockedUntilMs?: number;
  readonly hookMs?: number;
  readonly hookOk?: boolean;
}

interface LiveProcess {
  readonly startedAtMs: number;
  endAtMs: number;
  code: number;
  readonly termMs: number;
  childEndAtMs: number;
  readonly childTermMs: number;
}

/** Plays one pod in virtual time and writes down what happened, one line per event. */
class World {
  nowMs = 0;
  readonly lines: string[] = [];
  readonly #processes = new Map<string, LiveProcess>();
  readonly #behaviours: Record<string, Behaviour>;
  #memory: PodMemory;
  #pod: Pod;
  #pending: { readonly atMs: number; readonly result: Result }[] = [];
  #drainedAtMs = Infinity;
  removed = false;
  /** How long requests are on their way to the pod once it is to be deleted. */
  drainMs = 1_000;

  constructor(spec: PodSpec, behaviours: Record<string, Behaviour> = {}) {
    this.#pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p", namespace: "n", uid: "u" },
      spec,
    };
    this.#behaviours = behaviours;
    this.#memory = { record: freshRecord(this.#pod, 0), probes: {} };
  }

  get status(): PodStatus {
    return statusOf(this.#pod, this.#memory.record, this.nowMs);
  }

  isReady(): boolean {
    return this.status.conditions?.find((each) => each.type === "Ready")?.status === "True";
  }

  delete(graceSeconds: number): void {
    const metadata = {
      ...this.#pod.metadata,
      deletionTimestamp: "x",
      deletionGracePeriodSeconds: graceSeconds,
    };
    this.#pod = { ...this.#pod, metadata };
  }

  /** A new kubelet: only the record is left. */
  restartKubelet(): void {
    this.#memory = {
      record: JSON.parse(JSON.stringify(this.#memory.record)),
      probes: {},
    };
    this.#pending = [];
    this.#drainedAtMs = Infinity;
  }

  runUntil(endMs: number): void {
    for (;;) {
      const wakeAtMs = this.#look();
      const next = Math.min(
        wakeAtMs,
        ...this.#pending.map((each) => each.atMs),
        this.#drainedAtMs > this.nowMs ? this.#drainedAtMs : Infinity,
        ...this.#ends(),
      );
      if (next > endMs) break;
      this.nowMs = Math.max(this.nowMs, next);
    }
    this.nowMs = endMs;
  }

  #ends(): readonly number[] {
    return [...this.#processes.values()]
      .flatMap((each) => [each.endAtMs, each.childEndAtMs])
      .filter((endAtMs) => endAtMs > this.nowMs);
  }

  #fact(container: string): ProcessFact {
    const { attempt = 0 } = this.#memory.record.containers[container] ?? {};
    const process = this.#processes.get(`${container}/${attempt}`);
    if (process === undefined) return { kind: "absent" };
    const { startedAtMs, endAtMs, childEndAtMs, code } = process;
    if (endAtMs > this.nowMs) return { kind: "running", startedAtMs };
    const kind = childEndAtMs > this.nowMs ? "lingering" : "exited";
    return { kind, startedAtMs, finishedAtMs: endAtMs, exitCode: code };
  }

  #look(): number {
    for (let guard = 0; guard < 50; guard += 1) {
      const results = this.#pending
        .filter((each) => each.atMs <= this.nowMs)
        .map((each) => each.result);
      this.#pending = this.#pending.filter((each) => each.atMs > this.nowMs);
      const names = [...(this.#pod.spec.initContainers ?? []), ...this.#pod.spec.containers].map(
        (each) => each.name,
      );
      const processes = Object.fromEntries(names.map((name) => [name, this.#fact(name)]));
      const seen = {
        pod: this.#pod,
        processes,
        results,
        isDrained: this.#drainedAtMs <= this.nowMs,
      };
      const taken = step(this.#memory, seen, this.nowMs, defaultTiming);
      this.#memory = taken.memory;
      this.#pod = { ...this.#pod, status: this.status };
      for (const action of taken.actions) this.#carryOut(action);
      if (taken.actions.every((action) => action.kind === "event") || this.removed)
        return taken.wakeAtMs ?? Infinity;
    }
    throw new Error("the supervisor does not settle");
  }

  #say(text: string): void {
    this.lines.push(`${String(this.nowMs / 1000)}s ${text}`);
  }

  #carryOut(action: Action): void {
    if (action.kind === "event") return;
    if (action.kind === "drain") {
      this.#say("drain");
      this.#drainedAtMs = this.nowMs + this.drainMs;
      return;
    }
    if (action.kind === "remove") {
      this.#say("remove");
      this.removed = true;
      return;
    }
    this.#carryOutFor(action);
  }

  #launch(container: string, attempt: number, behaviour: Behaviour): void {
    if (this.nowMs < (behaviour.blockedUntilMs ?? 0)) {
      this.#say(`blocked ${container}`);
      const why = { kind: "blocked", reason: "ErrImagePull", message: "no such image" } as const;
      this.#pending.push({ atMs: this.nowMs, result: { ...why, container, attempt } });
      return;
    }
    this.#say(`launch ${container} ${attempt}`);
    const [afterMs, code] = behaviour.exits?.[attempt - 1] ??
      behaviour.exits?.at(-1) ?? [Infinity, 0];
    this.#processes.set(`${container}/${attempt}`, {
      startedAtMs: this.nowMs,
      endAtMs: this.nowMs + afterMs,
      code,
      termMs: behaviour.termMs ?? 0,
      childEndAtMs: behaviour.childTermMs === undefined ? 0 : Infinity,
      childTermMs: behaviour.childTermMs ?? 0,
    });
  }

  #terminate(process: LiveProcess): void {
    if (process.endAtMs <= this.nowMs) process.childEndAtMs = this.nowMs + process.childTermMs;
    else Object.assign(process, { endAtMs: this.nowMs + process.termMs, code: 143 });
  }

  #kill(process: LiveProcess): void {
    process.childEndAtMs = Math.min(process.childEndAtMs, this.nowMs);
    if (process.endAtMs > this.nowMs) Object.assign(process, { endAtMs: this.nowMs, code: 137 });
  }

  #carryOutFor(action: Extract<Action, { readonly container: string }>): void {
    const { container, attempt } = action;
    const behaviour = this.#behaviours[container] ?? {};
    const process = this.#processes.get(`${container}/${attempt}`);
    switch (action.kind) {
      case "launch":
        this.#launch(container, attempt, behaviour);
        return;
      case "terminate":
        this.#say(`term ${container}`);
        if (process !== undefined) this.#terminate(process);
        return;
      case "kill":
        this.#say(`kill ${container}`);
        if (process !== undefined) this.#kill(process);
        return;
      case "hook":
        this.#say(`${action.hook} ${container}`);
        this.#pending.push({
          atMs: this.nowMs + (behaviour.hookMs ?? 0),
          result: {
            kind: "hook",
            container,
            attempt,
            hook: action.hook,
            isOk: behaviour.hookOk ?? true,
            message: "no",
          },
        });
        return;
      case "probe":
        this.#pending.push({
          atMs: this.nowMs,
          result: {
            kind: "probe",
            container,
            attempt,
            probe: action.probe,
            isOk: behaviour.probe?.(action.probe, this.nowMs) ?? true,
            message: "503",
          },
        });
    }
  }
}

const app: Container = { name: "app", image: "shop:v1" };
const http = { httpGet: { port: 80 } };

function stateOf(world: World, index = 0): string {
  const status = world.status.containerStatuses?.[index];
  return status?.state?.waiting?.reason ?? status?.state?.terminated?.reason ?? "Running";
}

describe("restarts", () => {
  it("restarts at once, then after 10, 20, 40 … seconds, and says CrashLoopBackOff meanwhile", () => {
    const world = new World({ containers: [app] }, { app: { exits: [[1000, 3]] } });
    world.runUntil(100_000);
    expect(world.lines).toEqual([
      "0s launch app 1",
      "1s launch app 2",
      "12s launch app 3",
      "33s launch app 4",
      "74s launch app 5",
    ]);
    expect(stateOf(world)).toBe("CrashLoopBackOff");
    const status = world.status.containerStatuses?.[0];
    expect(status?.restartCount).toBe(4);
    expect(status?.lastState?.terminated).toMatchObject({ exitCode: 3, reason: "Error" });
    expect(world.status.phase).toBe("Running");
    expect(world.isReady()).toBe(false);
  });

  it("waits five minutes at most", () => {
    const world = new World({ containers: [app] }, { app: { exits: [[0, 1]] } });
    world.runUntil(3_600_000);
    const launches = world.lines.map((line) => Number.parseFloat(line));
    expect(Math.max(...launches.slice(1).map((at, index) => at - (launches[index] ?? 0)))).toBe(
      300,
    );
  });

  it("forgives earlier exits after ten minutes of running", () => {
    const exits = [
      [0, 1],
      [0, 1],
      [0, 1],
      [600_000, 1],
    ] as const;
    const world = new World({ containers: [app] }, { app: { exits } });
    world.runUntil(700_000);
    expect(world.lines).toEqual([
      "0s launch app 1",
      "0s launch app 2",
      "10s launch app 3",
      "30s launch app 4",
      "630s launch app 5",
    ]);
  });

  it.each([
    { policy: "Never", code: 0, launches: 1, phase: "Succeeded" },
    { policy: "Never", code: 4, launches: 1, phase: "Failed" },
    { policy: "OnFailure", code: 0, launches: 1, phase: "Succeeded" },
    { policy: "OnFailure", code: 4, launches: 2, phase: "Running" },
    { policy: "Always", code: 0, launches: 2, phase: "Running" },
  ])(
    "restartPolicy $policy with exit code $code: $launches launches, $phase",
    ({ policy, code, launches, phase }) => {
      const world = new World(
        { containers: [app], restartPolicy: policy },
        { app: { exits: [[1000, code]] } },
      );
      world.runUntil(5_000);
      expect(world.lines).toHaveLength(launches);
      expect(world.status.phase).toBe(phase);
    },
  );

  it("does not start a second process for a launch the old kubelet had carried out", () => {
    const world = new World({ containers: [app] });
    world.runUntil(0);
    world.restartKubelet();
    world.runUntil(60_000);
    expect(world.lines).toEqual(["0s launch app 1"]);
    expect(world.isReady()).toBe(true);
  });
});

describe("a command that ends before what it started", () => {
  const exits = [[1000, 3]] as const;

  it("has ended at once; the rest is terminated, and the restart waits for it alone", () => {
    const world = new World({ containers: [app] }, { app: { exits, childTermMs: 300 } });
    world.runUntil(1_000);
    expect(world.status.containerStatuses?.[0]).toMatchObject({
      ready: false,
      state: { terminated: { exitCode: 3, reason: "Error", finishedAt: "1970-01-01T00:00:01Z" } },
    });
    world.runUntil(2_000);
    expect(world.lines).toEqual(["0s launch app 1", "1s term app", "1.3s launch app 2"]);
  });

  it("has what ignores SIGTERM killed after two seconds, also by the next kubelet", () => {
    const world = new World({ containers: [app] }, { app: { exits, childTermMs: Infinity } });
    world.runUntil(2_000);
    world.restartKubelet();
    world.runUntil(3_500);
    expect(world.lines).toEqual([
      "0s launch app 1",
      "1s term app",
      "3s kill app",
      "3s launch app 2",
    ]);
  });

  it("lets a job's pod be done at once, and is not restarted", () => {
    const world = new World(
      { containers: [app], restartPolicy: "Never" },
      { app: { exits: [[1000, 0]], childTermMs: 300 } },
    );
    world.runUntil(1_000);
    expect(world.status.phase).toBe("Succeeded");
    world.runUntil(60_000);
    expect(world.lines).toEqual(["0s launch app 1", "1s term app"]);
  });

  it("does not hold a deletion until the end of the grace period", () => {
    const world = new World({ containers: [app] }, { app: { childTermMs: 300 } });
    world.runUntil(1_000);
    world.delete(30);
    world.runUntil(60_000);
    expect(world.lines.slice(1)).toEqual(["1s drain", "2s term app", "2s term app", "2.3s remove"]);
  });
});

describe("images", () => {
  it("waits as ErrImagePull, then ImagePullBackOff, and starts once the image is mapped", () => {
    const world = new World({ containers: [app] }, { app: { blockedUntilMs: 5_000 } });
    world.runUntil(1_000);
    expect(stateOf(world)).toBe("ErrImagePull");
    world.runUntil(3_000);
    expect(stateOf(world)).toBe("ImagePullBackOff");
    expect(world.status.phase).toBe("Pending");
    world.runUntil(10_000);
    expect(world.isReady()).toBe(true);
    expect(world.status.containerStatuses?.[0]?.restartCount).toBe(0);
  });
});

describe("probes", () => {
  it("is ready soon after the server answers, however long the period", () => {
    const readinessProbe = { ...http, periodSeconds: 10 };
    const world = new World(
      { containers: [{ ...app, readinessProbe }] },
      { app: { probe: (_kind, atMs) => atMs >= 400 } },
    );
    world.runUntil(300);
    expect(world.isReady()).toBe(false);
    world.runUntil(800);
    expect(world.isReady()).toBe(true);
  });

  it("stays ready through fewer failures than the threshold, and not beyond", () => {
    const readinessProbe = { ...http, periodSeconds: 1, failureThreshold: 3 };
    const world = new World(
      { containers: [{ ...app, readinessProbe }] },
      { app: { probe: (_kind, atMs) => atMs < 5_000 || atMs >= 20_000 } },
    );
    world.runUntil(6_900);
    expect(world.isReady()).toBe(true);
    world.runUntil(8_000);
    expect(world.isReady()).toBe(false);
    expect(world.lines).toEqual(["0s launch app 1"]);
    world.runUntil(21_000);
    expect(world.isReady()).toBe(true);
  });

  it("restarts on failed liveness: SIGTERM, then SIGKILL after the probe's own grace", () => {
    const livenessProbe = {
      ...http,
      periodSeconds: 1,
      failureThreshold: 2,
      terminationGracePeriodSeconds: 5,
    };
    const world = new World(
      { containers: [{ ...app, livenessProbe }] },
      { app: { probe: (_kind, atMs) => atMs < 10_000, termMs: 60_000 } },
    );
    world.runUntil(16_900);
    expect(world.lines).toEqual([
      "0s launch app 1",
      "11s term app",
      "16s kill app",
      "16s launch app 2",
    ]);
    const last = world.status.containerStatuses?.[0]?.lastState?.terminated;
    expect(last).toMatchObject({
      exitCode: 137,
      message: "Container app failed liveness probe, will be restarted",
    });
  });

  it("keeps liveness and readiness back until the startup probe has passed", () => {
    const asked: string[] = [];
    const probe = (kind: string, atMs: number): boolean => {
      asked.push(kind);
      return kind !== "startup" || atMs >= 30_000;
    };
    const container: Container = {
      ...app,
      startupProbe: { ...http, periodSeconds: 10, failureThreshold: 30 },
      livenessProbe: http,
      readinessProbe: http,
    };
    const world = new World({ containers: [container] }, { app: { probe } });
    world.runUntil(29_000);
    expect(new Set(asked)).toEqual(new Set(["startup"]));
    expect(world.isReady()).toBe(false);
    world.runUntil(60_000);
    expect(new Set(asked)).toEqual(new Set(["startup", "liveness", "readiness"]));
    expect(world.isReady()).toBe(true);
  });

  it("kills a container whose startup probe never passes", () => {
    const startupProbe = { ...http, periodSeconds: 1, failureThreshold: 3 };
    const world = new World(
      { containers: [{ ...app, startupProbe }] },
      { app: { probe: () => false } },
    );
    world.runUntil(6_000);
    expect(world.lines.slice(0, 3)).toEqual([
      "0s launch app 1",
      "3.5s term app",
      "3.5s launch app 2",
    ]);
  });

  it("honours initialDelaySeconds and asks at once after it", () => {
    const times: number[] = [];
    const livenessProbe = { ...http, initialDelaySeconds: 7, periodSeconds: 5 };
    const probe = (_kind: string, atMs: number): boolean => times.push(atMs) > 0;
    const world = new World({ containers: [{ ...app, livenessProbe }] }, { app: { probe } });
    world.runUntil(20_000);
    expect(times).toEqual([7_000, 12_000, 17_000]);
  });

  it("keeps an adopted container ready until a probe says otherwise", () => {
    const world = new World({ containers: [{ ...app, readinessProbe: http }] });
    world.runUntil(1_000);
    world.restartKubelet();
    expect(world.isReady()).toBe(true);
    world.runUntil(2_000);
    expect(world.isReady()).toBe(true);
  });
});

describe("deletion", () => {
  it("drains, runs preStop, sends SIGTERM, and removes the pod once the process is gone", () => {
    const lifecycle = { preStop: { sleep: { seconds: 2 } } };
    const world = new World(
      { containers: [{ ...app, lifecycle }] },
      { app: { hookMs: 2_000, termMs: 500 } },
    );
    world.runUntil(10_000);
    world.delete(30);
    world.runUntil(10_500);
    expect(world.isReady()).toBe(false);
    world.runUntil(60_000);
    expect(world.lines).toEqual([
      "0s launch app 1",
      "10s drain",
      "11s preStop app",
      "13s term app",
      "13.5s remove",
    ]);
  });

  it("kills what ignores SIGTERM when the grace period ends", () => {
    const world = new World({ containers: [app] }, { app: { termMs: 600_000 } });
    world.runUntil(10_000);
    world.delete(5);
    world.runUntil(60_000);
    expect(world.lines.slice(1)).toEqual([
      "10s drain",
      "11s term app",
      "15s kill app",
      "15s remove",
    ]);
  });

  it("kills at once without a grace period", () => {
    const world = new World({ containers: [app] });
    world.runUntil(10_000);
    world.delete(0);
    world.runUntil(20_000);
    expect(world.lines.slice(1)).toEqual(["10s kill app", "10s remove"]);
  });

  it("counts the grace period on through a restart of the kubelet", () => {
    const world = new World({ containers: [app] }, { app: { termMs: 600_000 } });
    world.runUntil(10_000);
    world.delete(8);
    world.runUntil(14_000);
    world.restartKubelet();
    world.runUntil(60_000);
    expect(world.lines.slice(1)).toEqual([
      "10s drain",
      "11s term app",
      "18s kill app",
      "18s remove",
    ]);
  });

  it("waits no longer than the grace period for requests that do not end", () => {
    const world = new World({ containers: [app] });
    world.drainMs = Infinity;
    world.runUntil(10_000);
    world.delete(5);
    world.runUntil(60_000);
    expect(world.lines.slice(1)).toEqual(["10s drain", "15s term app", "15s remove"]);
  });

  it("is not terminated by a new kubelet before the gateway had its time, however late that came", () => {
    const world = new World({ containers: [app] });
    world.drainMs = 3_000;
    world.runUntil(10_000);
    world.delete(30);
    world.runUntil(11_000);
    world.nowMs = 100_000;
    world.restartKubelet();
    world.runUntil(160_000);
    expect(world.lines.slice(1)).toEqual([
      "10s drain",
      "100s drain",
      "103s term app",
      "103s remove",
    ]);
  });

  it("removes a pod that never started anything", () => {
    const world = new World({ containers: [app] }, { app: { blockedUntilMs: Infinity } });
    world.runUntil(100);
    world.delete(30);
    world.runUntil(200);
    expect(world.removed).toBe(true);
  });
});

describe("several containers", () => {
  const init = (name: string): Container => ({ name, image: "tool:v1" });

  it("runs init containers one after the other, retries a failed one, then the app", () => {
    const world = new World(
      { initContainers: [init("a"), init("b")], containers: [app] },
      {
        a: { exits: [[1000, 0]] },
        b: {
          exits: [
            [1000, 1],
            [1000, 0],
          ],
        },
      },
    );
    world.runUntil(500);
    expect(world.status.containerStatuses?.[0]?.state?.waiting?.reason).toBe("PodInitializing");
    world.runUntil(10_000);
    expect(world.lines).toEqual([
      "0s launch a 1",
      "1s launch b 1",
      "2s launch b 2",
      "3s launch app 1",
    ]);
    expect(world.isReady()).toBe(true);
  });

  it("gives the pod up when an init container fails and nothing restarts", () => {
    const world = new World(
      { initContainers: [init("a")], containers: [app], restartPolicy: "Never" },
      { a: { exits: [[1000, 1]] } },
    );
    world.runUntil(10_000);
    expect(world.lines).toEqual(["0s launch a 1"]);
    expect(world.status.phase).toBe("Failed");
  });

  it("starts a sidecar first, restarts it, and stops it once the app has finished", () => {
    const sidecar: Container = { ...init("proxy"), restartPolicy: "Always" };
    const world = new World(
      { initContainers: [sidecar], containers: [app], restartPolicy: "Never" },
      {
        app: { exits: [[5_000, 0]] },
        proxy: {
          exits: [
            [2_000, 1],
            [Infinity, 0],
          ],
        },
      },
    );
    world.runUntil(10_000);
    expect(world.lines).toEqual([
      "0s launch proxy 1",
      "0s launch app 1",
      "2s launch proxy 2",
      "5s term proxy",
    ]);
    expect(world.status.phase).toBe("Succeeded");
  });

  it("stops sidecars after the app, the last first", () => {
    const sidecars = ["one", "two"].map((name): Container => ({
      ...init(name),
      restartPolicy: "Always",
    }));
    const world = new World(
      { initContainers: sidecars, containers: [app] },
      { app: { termMs: 1000 }, one: { termMs: 1000 }, two: { termMs: 1000 } },
    );
    world.runUntil(1_000);
    world.delete(30);
    world.runUntil(60_000);
    expect(world.lines.slice(4)).toEqual([
      "2s term app",
      "3s term two",
      "4s term one",
      "5s remove",
    ]);
  });

  it("ends the pod at its deadline", () => {
    const world = new World({
      containers: [app],
      activeDeadlineSeconds: 5,
      restartPolicy: "Never",
    });
    world.runUntil(10_000);
    expect(world.lines).toEqual(["0s launch app 1", "5s term app"]);
    expect(world.status).toMatchObject({ phase: "Failed", reason: "DeadlineExceeded" });
  });

  it("restarts a container whose postStart hook fails", () => {
    const lifecycle = { postStart: { exec: { command: ["x"] } } };
    const world = new World(
      { containers: [{ ...app, lifecycle }] },
      { app: { hookOk: false, hookMs: 100 } },
    );
    world.runUntil(1_000);
    expect(world.lines.slice(0, 4)).toEqual([
      "0s launch app 1",
      "0s postStart app",
      "0.1s term app",
      "0.1s launch app 2",
    ]);
  });
});

describe("conditions", () => {
  it("keeps the transition time of what did not change, and counts readiness gates", () => {
    const world = new World({ containers: [app], readinessGates: [{ conditionType: "lb" }] });
    world.runUntil(50_000);
    const find = (type: string) => world.status.conditions?.find((each) => each.type === type);
    expect(find("ContainersReady")).toMatchObject({
      status: "True",
      lastTransitionTime: "1970-01-01T00:00:00Z",
    });
    expect(find("Ready")).toMatchObject({ status: "False", reason: "ReadinessGatesNotReady" });
  });
});
