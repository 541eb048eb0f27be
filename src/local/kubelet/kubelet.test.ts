import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Container, Pod } from "../../api/kubernetes/pod.ts";
import { isPodReady } from "../../api/kubernetes/pod.ts";
import type { KubeEvent } from "../../api/kubernetes/workloads.ts";
import { refOf } from "../../api/meta/object.ts";
import { StoreError, type ObjectStore } from "../../objects/object-store.ts";
import { LogsUnavailable } from "./kubelet.ts";
import { parsePorts } from "./launch/ports.ts";
import { readProcess } from "./process/process-table.ts";
import {
  getPod,
  isGone,
  podObject,
  serverSource,
  startMachine,
  until,
  untilPod,
} from "./machine.test-support.ts";
import type { Machine, MachineOptions } from "./machine.test-support.ts";

let machines: Machine[] = [];

async function machineWith(options: MachineOptions = {}): Promise<Machine> {
  const machine = await startMachine(options);
  machines.push(machine);
  machine.release("v1", { "server.mjs": serverSource });
  return machine;
}

afterEach(async () => {
  // Forgotten first: one that cannot be taken down is the fault of its own test only.
  const mine = machines;
  machines = [];
  for (const machine of mine) await machine.dispose();
});

const server: Container = {
  name: "app",
  image: "dir:./v1",
  command: ["node", "server.mjs"],
  ports: [{ name: "http", containerPort: 8080 }],
  env: [{ name: "VERSION", value: "v1" }],
};
const readinessProbe = { httpGet: { path: "/healthz", port: "http" }, periodSeconds: 1 };

function script(code: string, more: Partial<Container> = {}): Container {
  return { name: "app", image: "dir:./v1", command: ["node", "-e", code], ...more };
}

/** Code that does something once `machine.release("v1", { go: "" })` was called. */
function whenTold(code: string): string {
  return `setInterval(() => { if (require("fs").existsSync("go")) { ${code} } }, 20);`;
}

function portOf(pod: Pod, containerPort = 8080): number {
  return parsePorts(pod.metadata.annotations?.["haldane.dev/ports"])[String(containerPort)] ?? 0;
}

async function ask(pod: Pod, path = "/"): Promise<string> {
  return (await fetch(`http://127.0.0.1:${String(portOf(pod))}${path}`)).text();
}

async function logOf(machine: Machine, pod: string, more: object = {}): Promise<string> {
  let text = "";
  for await (const chunk of machine.kubelet.readLogs({ namespace: "default", pod, ...more }))
    text += Buffer.from(chunk).toString();
  return text;
}

function containerOf(pod: Pod, index = 0) {
  return pod.status!.containerStatuses![index]!;
}

/** pid of the container's command, once the wrapper has written it down. */
async function commandPid(machine: Machine, pod: Pod, attempt = 1): Promise<number> {
  const file = join(
    machine.folder,
    "data/pods",
    pod.metadata.uid!,
    "app",
    `${String(attempt)}.pid`,
  );
  return until("its pid is known", async () => {
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    return text.includes("\n") ? Number.parseInt(text, 10) : undefined;
  });
}

function isAlive(pid: number): boolean {
  const row = readProcess(pid);
  return row !== undefined && !row.isZombie;
}

describe("a pod's life", () => {
  it("starts, becomes ready, serves on a port of its own, logs, measures, and stops gracefully", async () => {
    const machine = await machineWith();
    await machine.store.create(podObject("web", { containers: [{ ...server, readinessProbe }] }));
    await machine.store.create(podObject("other", { containers: [{ ...server, readinessProbe }] }));
    const pod = await untilPod(machine.store, "web", "is ready", isPodReady);
    const other = await untilPod(machine.store, "other", "is ready", isPodReady);
    expect(portOf(pod)).not.toBe(portOf(other));
    expect(await ask(pod)).toBe("v1 web");
    expect(pod.status?.phase).toBe("Running");
    expect(pod.status?.podIP).toBe("127.0.0.1");
    expect(containerOf(pod)).toMatchObject({
      ready: true,
      started: true,
      restartCount: 0,
      imageID: `dir:${machine.folder}/v1`,
    });
    expect(await logOf(machine, "web")).toBe(
      `listening ${String(await commandPid(machine, pod))}\n`,
    );
    const usage = await until("usage is measured", async () =>
      machine.kubelet.podUsage().find((each) => each.pod === "web"),
    );
    expect(usage.memoryBytes).toBeGreaterThan(5_000_000);

    const pid = await commandPid(machine, pod);
    const slow = ask(pod, "/?ms=600");
    await until("it is asked", async () =>
      (await logOf(machine, "web")).includes("asked /?ms=600"),
    );
    await machine.store.delete(refOf(pod));
    const deleting = await untilPod(
      machine.store,
      "web",
      "is not ready",
      (each) => !isPodReady(each),
    );
    expect(deleting.metadata.deletionTimestamp).toBeDefined();
    expect(await slow).toBe("v1 web");
    await until("the pod is gone", isGone(machine.store, pod));
    expect(isAlive(pid)).toBe(false);
    expect(readdirSync(join(machine.folder, "data/pods"))).not.toContain(pod.metadata.uid);
    const log = join(
      machine.folder,
      "data/logs",
      `default_web_${pod.metadata.uid!}`,
      "app",
      "1.log",
    );
    expect(readFileSync(log, "utf8")).toContain("SIGTERM");
    const events = (await machine.store.list<KubeEvent>({ apiVersion: "v1", kind: "Event" })).items;
    const reasons = events
      .filter((each) => each.involvedObject.name === "web")
      .map((each) => each.reason);
    expect(new Set(reasons)).toEqual(new Set(["Scheduled", "Pulled", "Started", "Killing"]));
  });

  it("kills what ignores SIGTERM, with everything it started", async () => {
    const machine = await machineWith();
    const stubborn = script(
      `process.on("SIGTERM", () => {}); const c = require("child_process").spawn("sleep", ["1000"]); console.log(c.pid); setInterval(() => {}, 1000);`,
    );
    await machine.store.create(
      podObject("mule", { containers: [stubborn], terminationGracePeriodSeconds: 1 }),
    );
    const pod = await untilPod(machine.store, "mule", "runs", isPodReady);
    const child = Number(
      await until(
        "the child is named",
        async () => (await logOf(machine, "mule")).trim() || undefined,
      ),
    );
    expect(isAlive(child)).toBe(true);
    const pid = await commandPid(machine, pod);
    await machine.store.delete(refOf(pod));
    await until("the pod is gone", isGone(machine.store, pod));
    expect(isAlive(child)).toBe(false);
    expect(isAlive(pid)).toBe(false);
  });

  it("has ended when its command has, whatever that started", async () => {
    const machine = await machineWith();
    const parent = `const c = require("child_process").spawn("sleep", ["1000"]); console.log(c.pid); setTimeout(() => process.exit(3), 300);`;
    await machine.store.create(
      podObject("once", { containers: [script(parent)], restartPolicy: "Never" }),
    );
    const pod = await untilPod(
      machine.store,
      "once",
      "has failed",
      (each) => each.status?.phase === "Failed",
    );
    expect(containerOf(pod).state?.terminated).toMatchObject({ exitCode: 3 });
    const child = Number(await logOf(machine, "once"));
    await until("the child has ended", async () => !isAlive(child));
  });

  it("is deleted as soon as the rest has ended, long before the grace period is over", async () => {
    const machine = await machineWith();
    const shell = { ...script(""), command: ["sh", "-c", "node server.mjs & echo $!; wait"] };
    const spec = { containers: [{ ...server, ...shell }], terminationGracePeriodSeconds: 600 };
    await machine.store.create(podObject("web", spec));
    const pod = await untilPod(machine.store, "web", "runs", isPodReady);
    const child = Number(
      await until("the child is named", async () => (await logOf(machine, "web")).split("\n")[0]),
    );
    await machine.store.delete(refOf(pod));
    await until("the pod is gone", isGone(machine.store, pod), 30_000);
    expect(isAlive(child)).toBe(false);
  });

  it("is told to stop also where its status could not be written at first", async () => {
    let refusals = 0;
    const seenBy = (store: ObjectStore): ObjectStore => ({
      get: store.get.bind(store),
      list: store.list.bind(store),
      watch: store.watch.bind(store),
      create: store.create.bind(store),
      patch: store.patch.bind(store),
      delete: store.delete.bind(store),
      update: async (object, options) => {
        if (object.metadata.deletionTimestamp !== undefined && refusals++ < 2)
          throw new StoreError("ServiceUnavailable", "the disk is full");
        return store.update(object, options);
      },
    });
    const machine = await machineWith({ seenBy });
    const spec = { containers: [server], terminationGracePeriodSeconds: 600 };
    await machine.store.create(podObject("web", spec));
    const pod = await untilPod(machine.store, "web", "runs", isPodReady);
    await until("it listens", async () => (await logOf(machine, "web")).includes("listening"));
    await machine.store.delete(refOf(pod));
    await until("the pod is gone", isGone(machine.store, pod), 30_000);
    expect(refusals).toBeGreaterThan(1);
  });

  it("stops in order: out of the gateway, preStop, SIGTERM", async () => {
    const order: string[] = [];
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const drainGate = {
      drained: async (pod: Pod) => {
        order.push(`drain, ready: ${String(isPodReady(pod))}`);
        await gate;
        order.push("drained");
      },
    };
    const machine = await machineWith({
      extend: () => ({ drainGate, stop: async () => undefined }),
    });
    const lifecycle = { preStop: { exec: { command: ["sh", "-c", "echo preStop >> order"] } } };
    const code = `process.on("SIGTERM", () => { require("fs").appendFileSync("order", "SIGTERM\\n"); process.exit(0); }); console.log("up"); setInterval(() => {}, 1000);`;
    await machine.store.create(podObject("web", { containers: [script(code, { lifecycle })] }));
    const pod = await untilPod(machine.store, "web", "runs", isPodReady);
    await until("it listens to signals", async () => (await logOf(machine, "web")).includes("up"));
    await machine.store.delete(refOf(pod));
    await until("draining begins", async () => order.length > 0);
    expect(isAlive(await commandPid(machine, pod))).toBe(true);
    open();
    await until("the pod is gone", isGone(machine.store, pod));
    expect(order).toEqual(["drain, ready: false", "drained"]);
    expect(readFileSync(join(machine.folder, "v1/order"), "utf8")).toBe("preStop\nSIGTERM\n");
  });

  it("runs init containers first and completes a job's pod", async () => {
    const machine = await machineWith();
    const init = { ...script(`require("fs").writeFileSync("made", "by init")`), name: "init" };
    const main = script(
      `process.exit(require("fs").readFileSync("made", "utf8") === "by init" ? 0 : 9)`,
    );
    await machine.store.create(
      podObject("once", { initContainers: [init], containers: [main], restartPolicy: "Never" }),
    );
    const pod = await untilPod(
      machine.store,
      "once",
      "is done",
      (each) => each.status?.phase === "Succeeded",
    );
    expect(containerOf(pod).state?.terminated).toMatchObject({ exitCode: 0, reason: "Completed" });
  });
});

describe("trouble", () => {
  it("restarts a crashing container and says CrashLoopBackOff with exit code and count", async () => {
    const machine = await machineWith();
    await machine.store.create(
      podObject("crash", { containers: [script(`console.log("try"); process.exit(3)`)] }),
    );
    const pod = await untilPod(
      machine.store,
      "crash",
      "is in back-off",
      (each) => each.status?.containerStatuses?.[0]?.state?.waiting?.reason === "CrashLoopBackOff",
    );
    expect(containerOf(pod).restartCount).toBe(1);
    expect(containerOf(pod).lastState?.terminated).toMatchObject({ exitCode: 3, reason: "Error" });
    expect(await logOf(machine, "crash", { previous: true })).toBe("try\n");
  });

  it("restarts a container whose liveness probe fails, on the same port", async () => {
    const machine = await machineWith();
    const livenessProbe = {
      httpGet: { path: "/healthz", port: 8080 },
      initialDelaySeconds: 1,
      periodSeconds: 1,
      failureThreshold: 1,
    };
    await machine.store.create(
      podObject("web", { containers: [{ ...server, readinessProbe, livenessProbe }] }),
    );
    const before = await untilPod(machine.store, "web", "is ready", isPodReady);
    await ask(before, "/break");
    const after = await untilPod(
      machine.store,
      "web",
      "is restarted",
      (each) => isPodReady(each) && containerOf(each).restartCount === 1,
    );
    expect(portOf(after)).toBe(portOf(before));
    expect(containerOf(after).lastState?.terminated?.message).toContain("failed liveness probe");
  });

  it("says how to map an image, and starts once it is mapped", async () => {
    const machine = await machineWith();
    await machine.store.create(podObject("web", { containers: [{ ...server, image: "shop:v1" }] }));
    const pod = await untilPod(
      machine.store,
      "web",
      "waits",
      (each) => each.status?.containerStatuses?.[0]?.state?.waiting?.message !== undefined,
    );
    const { reason, message } = containerOf(pod).state!.waiting!;
    expect(reason).toBe("ErrImagePull");
    expect(message).toContain(`the image "shop:v1" is not mapped to a directory`);
    expect(message).toContain(`"shop:*": "./releases/*" under images in haldane.yaml`);
    machine.images["shop:*"] = "./*";
    expect(isPodReady(await untilPod(machine.store, "web", "is ready", isPodReady))).toBe(true);
  });

  it("waits for a Secret and decodes it", async () => {
    const machine = await machineWith();
    const env = [
      { name: "TOKEN", valueFrom: { secretKeyRef: { name: "creds", key: "token" } } },
      { name: "URL", value: "http://x/$(TOKEN)" },
      { name: "PORT", value: "8080" },
    ];
    const envFrom = [{ prefix: "C_", configMapRef: { name: "conf" } }];
    await machine.store.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "conf", namespace: "default" },
      data: { mode: "fast" },
    } as never);
    await machine.store.create(podObject("web", { containers: [{ ...server, env, envFrom }] }));
    const pod = await untilPod(
      machine.store,
      "web",
      "waits",
      (each) => each.status?.containerStatuses?.[0]?.state?.waiting?.message !== undefined,
    );
    expect(containerOf(pod).state?.waiting).toEqual({
      reason: "CreateContainerConfigError",
      message:
        "container app: there is no Secret default/creds; create it or mark the reference optional: true",
    });
    const data = { token: Buffer.from("s3cret").toString("base64") };
    await machine.store.create({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "creds", namespace: "default" },
      data,
    } as never);
    const ready = await untilPod(machine.store, "web", "is ready", isPodReady);
    const seen = await until("it answers", async () =>
      ask(ready, "/env").then(
        (text) => JSON.parse(text) as object,
        () => undefined,
      ),
    );
    expect(seen).toMatchObject({
      TOKEN: "s3cret",
      URL: "http://x/s3cret",
      C_mode: "fast",
      PORT: String(portOf(ready)),
      PORT_HTTP: String(portOf(ready)),
    });
  });

  it("says what is missing when there is no command", async () => {
    const machine = await machineWith();
    await machine.store.create(
      podObject("web", { containers: [{ name: "app", image: "dir:./v1" }] }),
    );
    const pod = await untilPod(
      machine.store,
      "web",
      "waits",
      (each) =>
        each.status?.containerStatuses?.[0]?.state?.waiting?.reason === "CreateContainerError",
    );
    expect(containerOf(pod).state?.waiting?.message).toContain("give the container a command");
    await expect(logOf(machine, "web")).rejects.toThrow(LogsUnavailable);
  });

  it("keeps the newest part of a log that grows too large", async () => {
    const machine = await machineWith({ logLimitBytes: 20_000 });
    const code = `let i = 0; setInterval(() => console.log("line " + String(i++).padEnd(200, ".")), 2)`;
    await machine.store.create(podObject("loud", { containers: [script(code)] }));
    const text = await until("the log is cut", async () => {
      const log = await logOf(machine, "loud").catch(() => "");
      return log.startsWith("[haldane: this log outgrew") && log.includes("line ")
        ? log
        : undefined;
    });
    expect(text.length).toBeLessThan(200_000);
    // A line may be half written, or the log be cut again, at the moment of one look.
    await until("the last three lines are had", async () =>
      /^(line \d+\.+\n){3}$/.test(await logOf(machine, "loud", { tailLines: 3 })),
    );
  });

  it("follows a log until the process ends", async () => {
    const machine = await machineWith();
    const code = `console.log("one"); ${whenTold(`console.log("two"); process.exit(0);`)}`;
    await machine.store.create(
      podObject("talk", { containers: [script(code)], restartPolicy: "Never" }),
    );
    await untilPod(machine.store, "talk", "runs", isPodReady);
    const followed = logOf(machine, "talk", { follow: true });
    machine.release("v1", { go: "" });
    expect(await followed).toBe("one\ntwo\n");
  });
});

describe("after a restart of the kubelet", () => {
  it("adopts what runs: same process, still ready, then restarted when it ends", async () => {
    const machine = await machineWith();
    await machine.store.create(podObject("web", { containers: [{ ...server, readinessProbe }] }));
    const before = await untilPod(machine.store, "web", "is ready", isPodReady);
    const pid = await commandPid(machine, before);
    await machine.restart();
    expect(isPodReady((await getPod(machine.store, "web"))!)).toBe(true);
    expect(isAlive(pid)).toBe(true);
    expect(await ask(before)).toBe("v1 web");
    await ask(before, "/exit?code=7").catch(() => "the answer never comes");
    const after = await untilPod(
      machine.store,
      "web",
      "is restarted",
      (each) => containerOf(each).restartCount === 1 && isPodReady(each),
    );
    expect(containerOf(after).lastState?.terminated).toMatchObject({ exitCode: 7 });
    expect(portOf(after)).toBe(portOf(before));
  });

  it("knows the exit code of a process that ended while no kubelet was there", async () => {
    const machine = await machineWith();
    await machine.store.create(
      podObject("once", {
        containers: [script(whenTold(`process.exit(5)`))],
        restartPolicy: "Never",
      }),
    );
    const pod = await untilPod(machine.store, "once", "runs", isPodReady);
    const pid = await commandPid(machine, pod);
    await machine.halt();
    machine.release("v1", { go: "" });
    await until("the process has ended", async () => !isAlive(pid));
    await machine.restart();
    const after = await untilPod(
      machine.store,
      "once",
      "is done",
      (each) => each.status?.phase === "Failed",
    );
    expect(containerOf(after).state?.terminated).toMatchObject({ exitCode: 5, reason: "Error" });
  });

  it("stops what runs for a pod that was deleted meanwhile", async () => {
    const machine = await machineWith();
    await machine.store.create(podObject("web", { containers: [server] }));
    const pod = await untilPod(machine.store, "web", "runs", isPodReady);
    const pid = await commandPid(machine, pod);
    await machine.halt();
    await machine.store.delete(refOf(pod), { gracePeriodSeconds: 0 });
    expect(isAlive(pid)).toBe(true);
    await machine.restart();
    await until("the process is killed", async () => !isAlive(pid));
  });

  it("goes on with a deletion that was under way", async () => {
    const machine = await machineWith();
    const code = `process.on("SIGTERM", () => { console.log("told"); ${whenTold("process.exit(0)")} }); console.log("up"); setInterval(() => {}, 1000);`;
    const spec = { containers: [script(code)], terminationGracePeriodSeconds: 600 };
    await machine.store.create(podObject("web", spec));
    const pod = await untilPod(machine.store, "web", "runs", isPodReady);
    const says = async (word: string): Promise<boolean> =>
      (await logOf(machine, "web")).includes(word);
    await until("it listens to signals", async () => says("up"));
    const pid = await commandPid(machine, pod);
    await machine.store.delete(refOf(pod));
    await until("it is told to stop", async () => says("told"));
    await machine.restart();
    expect(isAlive(pid)).toBe(true);
    machine.release("v1", { go: "" });
    await until("the pod is gone", isGone(machine.store, pod));
    expect(isAlive(pid)).toBe(false);
  });
});
