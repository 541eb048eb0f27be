// Real services under constant traffic, delivered again and again on three strategies at once while
// the controller is killed at random moments. No request may be lost, and every delivery must end
// where it should. npm run soak; SOAK_DELIVERIES=300 for more, SOAK_SEED=7 for the same kills again,
// SOAK_BUILT=1 for the built program, SOAK_KEEP=1 to keep the folder.
import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findGateway } from "../../src/gateway/client.ts";
import { createRng, fork, nextInt, type Rng } from "../../src/lib/rng.ts";
import { ControlPlane, programOf } from "./control-plane.ts";
import { stories, type Ending } from "./deliveries.ts";
import { faultsAtEnd, type Judge } from "./ending.ts";
import { processesOf } from "./processes.ts";
import { Stage } from "./stage.ts";
import { Traffic } from "./traffic.ts";
import { until } from "./waiting.ts";
import { imageOf, makeWorld, serviceNames, type ServiceName, type World } from "./world.ts";

const requestsPerSecond = 120;
const deliveriesWanted = Number(process.env["SOAK_DELIVERIES"] ?? 72);
/** No delivery begins later than this, unless more than usual were asked for. */
const beginUntilMs = process.env["SOAK_DELIVERIES"] === undefined ? 210_000 : Infinity;
const fewestDeliveries = Math.min(12, deliveriesWanted);
const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 100_000);

const startedAtMs = Date.now();
const tally = { passed: 0, failed: 0, deliveries: 0, kills: 0, killedDeliveries: 0 };

function say(line: string): void {
  const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1).padStart(6);
  console.log(`${seconds} s  ${line}`);
}

function check(what: string, faults: readonly string[]): void {
  tally[faults.length === 0 ? "passed" : "failed"] += 1;
  say(`${faults.length === 0 ? "✔" : "✖"} ${what}`);
  for (const fault of faults) say(`    ${fault}`);
}

/** The deliveries under way, each with the number of kills before it began. */
const underWay = new Map<number, number>();

/**
 * Whether a delivery that begins now is to be disturbed for sure: fewer than three of five were so
 * far. On a quick machine deliveries would otherwise end between two kills; on a slow one, were all
 * disturbed, none would get anywhere.
 */
function isBehind(): boolean {
  return tally.killedDeliveries * 5 < tally.deliveries * 3;
}

/** How long the controller lives at most while a delivery under way waits for its kill, in ms. */
const hurriedMs = 700;

/** Resolves after `delayMs`, or as soon as the signal says so. */
async function sleepOr(delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** Kills the controller after a random while, leaves it dead for another, until told to stop. */
class Killer {
  readonly #plane: ControlPlane;
  readonly #rng: Rng;
  #isStopped = false;
  #hurry = new AbortController();
  readonly #done: Promise<void>;

  constructor(plane: ControlPlane, rng: Rng) {
    this.#plane = plane;
    this.#rng = rng;
    this.#done = this.#run();
  }

  /** Resolves when the controller runs and is left alone from now on. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  /** Ends the controller within a second of now: a delivery began that is to be disturbed. */
  hurry(): void {
    this.#hurry.abort();
  }

  /** The controller's life this time: 0.5 to 7.5 s, cut short by `hurry`. Resolves with its length in ms. */
  async #live(): Promise<number> {
    const bornMs = Date.now();
    const hurry = new AbortController();
    this.#hurry = hurry;
    const isWaitedFor = isBehind() && [...underWay.values()].includes(tally.kills);
    if (!isWaitedFor) await sleepOr(500 + nextInt(this.#rng, 7_000), hurry.signal);
    if (isWaitedFor || hurry.signal.aborted) await sleep(nextInt(this.#rng, hurriedMs));
    return Date.now() - bornMs;
  }

  async #run(): Promise<void> {
    for (;;) {
      const aliveMs = await this.#live();
      const deadMs = nextInt(this.#rng, 2_000);
      if (this.#isStopped) return;
      await this.#plane.kill();
      tally.kills += 1;
      say(
        `    kill -9 of the controller after ${String(aliveMs)} ms; dead for ${String(deadMs)} ms`,
      );
      await sleep(deadMs);
      await this.#plane.start();
    }
  }
}

let begun = 0;
/** A canary takes longest, a rolling update is quick: all three are to be under way to the end. */
const shares: Readonly<Record<ServiceName, number>> = { shop: 1 / 6, pay: 2 / 6, mail: 3 / 6 };

/** One service's stories, one after the other, until its share of all deliveries is done or the time is up. */
async function playLane(stage: Stage, judge: Judge, killer: Killer): Promise<void> {
  const { service } = stage;
  const first = imageOf(service, "v1");
  let ending: Ending = { phase: "Healthy", stableImage: first, specImage: first };
  for (
    let turn = 0;
    turn < deliveriesWanted * shares[service] && Date.now() - startedAtMs < beginUntilMs;
    turn += 1
  ) {
    const story = stories[service][turn % stories[service].length];
    if (!story) throw new Error(`no stories for ${service}`);
    begun += 1;
    const number = begun;
    const killsBefore = tally.kills;
    underWay.set(number, killsBefore);
    if (isBehind()) killer.hurry();
    say(`▶ ${String(number)}. ${service}: ${story.name}`);
    let faults: readonly string[];
    try {
      ending = await story.play(stage, ending);
      faults = await faultsAtEnd(stage, ending, judge);
    } catch (error) {
      faults = [error instanceof Error ? error.message : String(error)];
    }
    underWay.delete(number);
    const kills = tally.kills - killsBefore;
    tally.deliveries += 1;
    if (kills > 0) tally.killedDeliveries += 1;
    check(
      `${String(number)}. ${service}: ${story.name} (${String(kills)} kills) → ${ending.phase}, ${ending.stableImage}`,
      faults,
    );
    if (faults.length > 0) return;
  }
}

async function untilServed(world: World, service: ServiceName): Promise<void> {
  await until(`${service} to be served`, async () => {
    const url = `http://127.0.0.1:${String(world.ports[service])}/`;
    return fetch(url).then(
      async (response) => {
        await response.text();
        return response.status === 200;
      },
      () => false,
    );
  });
}

/**
 * The preview has no users. Until its new pods are ready nobody answers there, and the analysis that
 * asks in that moment asks again.
 */
const previewBackend = "default/pay-preview:";

async function lostByGateway({ dataDir }: World): Promise<number> {
  const gateway = await findGateway(path.join(dataDir, "gateway"));
  if (!gateway) throw new Error("the gateway is gone");
  const { series } = await gateway.client.stats();
  await gateway.client.close();
  const used = series.filter(({ backend }) => !backend.startsWith(previewBackend));
  return used.reduce((sum, { counters }) => sum + (counters["lost"] ?? 0), 0);
}

/** What the gateway itself noted about losses, for whoever looks for the cause. */
function gatewayRemarks({ dataDir }: World): readonly string[] {
  const lines = readFileSync(path.join(dataDir, "gateway", "gateway.log"), "utf8").split("\n");
  return lines
    .filter((line) => line.includes('"level":40') || line.includes('"level":50'))
    .slice(-20);
}

function reportTraffic(traffic: Traffic, world: World, lostInside: number): void {
  const losses = traffic.losses.map(({ atMs, tookMs, service, kind, why }) => {
    const seconds = ((atMs - startedAtMs) / 1000).toFixed(1);
    return `sent at ${seconds} s, ended after ${String(tookMs)} ms: ${service}, ${kind}: ${why}`;
  });
  const faults = losses.length === 0 ? [] : [...losses.slice(0, 30), ...gatewayRemarks(world)];
  check(`${String(traffic.requests)} requests, lost ${String(losses.length)}`, faults);
  check(
    "the gateway's own count of lost requests is 0",
    lostInside === 0 ? [] : [String(lostInside), ...gatewayRemarks(world)],
  );
}

/** Requests under way die with the gateway, by definition; but it must come back by itself, as it was. */
async function checkGatewayRestart(
  what: string,
  world: World,
  meanwhile: () => Promise<void>,
): Promise<void> {
  const before = await findGateway(path.join(world.dataDir, "gateway"));
  if (!before) throw new Error("the gateway is gone");
  await before.client.close();
  process.kill(before.pid, "SIGKILL");
  const faults: string[] = [];
  try {
    await meanwhile();
    for (const service of serviceNames) await untilServed(world, service);
    // It serves its saved routes before it says where it is found.
    await until("the new gateway to be found", async () => {
      const after = await findGateway(path.join(world.dataDir, "gateway"));
      await after?.client.close();
      return after !== undefined && after.pid !== before.pid;
    });
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
  check(`${what}: all are served again, on their old ports`, faults);
}

async function checkStop(plane: ControlPlane, world: World): Promise<void> {
  const code = await plane.stop();
  check(
    "haldane up ends with exit code 0 on SIGTERM",
    code === 0 ? [] : [`exit code ${String(code)}`],
  );
  const left = processesOf(world.folder).map(({ pid, command }) => `${String(pid)} ${command}`);
  check("no process is left behind", left);
}

async function soak(plane: ControlPlane, world: World): Promise<void> {
  await plane.start("-f", "manifests");
  const stages = serviceNames.map((service) => new Stage(service, plane, world));
  for (const stage of stages) await until("the manifests", () => stage.exists());
  for (const stage of stages)
    await stage.until("v1 to be healthy", ({ phase }) => phase === "Healthy");
  for (const service of serviceNames) await untilServed(world, service);
  say(
    `three services are up on ${String(Object.values(world.ports))}; ${String(requestsPerSecond)} requests a second`,
  );
  const traffic = new Traffic(world, requestsPerSecond);
  const killer = new Killer(plane, fork(createRng(seed)));
  await Promise.all(stages.map(async (stage) => playLane(stage, { world, traffic }, killer)));
  await killer.stop();
  await traffic.stop();
  check(
    `${String(tally.deliveries)} deliveries, ${String(tally.killedDeliveries)} of them with a kill`,
    [
      ...(tally.deliveries < fewestDeliveries
        ? [`fewer than ${String(fewestDeliveries)} deliveries`]
        : []),
      ...(tally.killedDeliveries * 3 < tally.deliveries
        ? ["fewer than a third were disturbed"]
        : []),
    ],
  );
  reportTraffic(traffic, world, await lostByGateway(world));
  for (const [answer, count] of [...traffic.answers].sort()) say(`    ${answer}: ${String(count)}`);
  await checkGatewayRestart("kill -9 of the gateway", world, () => Promise.resolve());
  await checkGatewayRestart("kill -9 of the gateway and of the controller", world, async () => {
    await plane.kill();
    await plane.start();
  });
  await checkStop(plane, world);
  console.log(
    `${String(tally.deliveries)} deliveries, ${String(tally.kills)} kills, ${String(traffic.requests)} requests, lost ${String(traffic.losses.length)}`,
  );
}

const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "haldane-soak-")));
const program = programOf(process.env);
console.log(
  `seed ${String(seed)} (SOAK_SEED), ${String(deliveriesWanted)} deliveries, in ${folder}\n${program.join(" ")} up`,
);
const world = await makeWorld(folder);
const plane = new ControlPlane(program, world);
process.once("SIGINT", () => void plane.stop().then(() => process.exit(130)));
try {
  await soak(plane, world);
} catch (error) {
  check("the soak itself", [
    error instanceof Error ? (error.stack ?? error.message) : String(error),
  ]);
  await plane.stop();
}
if (tally.failed === 0 && process.env["SOAK_KEEP"] !== "1")
  rmSync(folder, { recursive: true, force: true });
else console.log(`kept for a look: ${folder}`);
console.log(`${String(tally.passed)} passed, ${String(tally.failed)} failed`);
process.exitCode = tally.failed === 0 ? 0 : 1;
