// A good version is promoted by itself, a bad one is taken back by itself, and no request is lost:
// on real processes and real traffic, in under a minute, leaving nothing behind.
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import type { KubeObject } from "../../api/meta/object.ts";
import type { LocalCluster } from "../../compose/local.ts";
import { findGateway } from "../../gateway/client.ts";
import { print, type CliCommand, type CliContext, type CommandCall } from "../command.ts";
import { DemoLoad } from "../demo/demo-load.ts";
import { StoryTeller, type StoryState } from "../demo/demo-story.ts";
import { demoObjects, writeReleases } from "../demo/demo-world.ts";
import { liveLine } from "../demo/live-line.ts";
import { demoReport, type DemoFigures } from "../demo/demo-report.ts";
import { parsedRollout } from "../fetch-tree.ts";
import { canRedraw } from "../render/screen.ts";
import { addMappings } from "../local/local-images.ts";
import { startServing, stopServing } from "../local/serve.ts";

const requestsPerSecond = 200;
const dwellMs = 2000;

/** A port nobody uses now; the gateway takes it a moment later. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Tells the course while it happens: in place on a terminal, a line per change elsewhere. */
function teller(
  terminal: CliContext,
  load: () => DemoLoad | undefined,
): (state: StoryState) => void {
  const { stdout } = terminal;
  let last = "";
  return ({ weightPercent, phase, message }) => {
    const counts = [...(load()?.counts() ?? [])].map(
      ([version, { requests, failed }]) =>
        `${version}: ${requests}${failed > 0 ? ` (${failed} failed)` : ""}`,
    );
    // Until v1 serves there is nothing to share the traffic with.
    const share = load() === undefined ? "v1" : `canary ${String(weightPercent).padStart(3)} %`;
    const happened = `  ${share}  ${phase}${message === "" ? "" : ` - ${message}`}`;
    if (canRedraw(terminal)) {
      const { columns = 100 } = stdout;
      // One less than there are: in the last column some terminals wrap at once.
      stdout.write(`\r\u001b[K${liveLine(happened, counts.join("  "), columns - 1)}`);
    } else if (happened !== last) {
      stdout.write(`${happened}\n`);
    }
    last = happened;
  };
}

function endLiveLine(cli: CliContext): void {
  if (canRedraw(cli)) cli.stdout.write("\n");
}

async function lostByGateway(dataDir: string): Promise<number> {
  const found = await findGateway(path.join(dataDir, "gateway"));
  if (!found) throw new Error("the demo's gateway is gone");
  const { series } = await found.client.stats();
  await found.client.close();
  return series.reduce((sum, { counters }) => sum + (counters["lost"] ?? 0), 0);
}

async function untilAnswers(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const status = await fetch(url).then(
      async (response) => response.body?.cancel().then(() => response.status),
      () => undefined,
    );
    if (status === 200) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

function isBackAtZero(manifest: KubeObject): boolean {
  const weights = parsedRollout(manifest).status.canary?.weights;
  return weights?.canary.weight === 0 && weights.verified !== false;
}

/** The version in the spec is the stable one. */
function isPromoted(manifest: KubeObject): boolean {
  const { status } = parsedRollout(manifest);
  return (
    status.observedGeneration === String(manifest.metadata.generation) &&
    status.currentPodHash === status.stableRS
  );
}

async function play(
  cluster: LocalCluster,
  dataDir: string,
  call: CommandCall,
): Promise<DemoFigures> {
  const { cli } = call;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  print(cli, `Starting v1 of a small service behind the gateway, which listens on ${url}:`);
  for (const object of demoObjects(port)) await cluster.store.create(object);
  const running: { load?: DemoLoad } = {};
  const tell = teller(cli, () => running.load);
  const story = new StoryTeller({
    store: cluster.store,
    clock: cli.clock,
    signal: cli.signal,
    patienceMs: 45_000,
    onState: tell,
  });
  await story.until("Healthy");
  await untilAnswers(url, cli.signal);
  const load = new DemoLoad(url, requestsPerSecond);
  running.load = load;
  const fromMs = cli.clock.now();
  try {
    endLiveLine(cli);
    print(cli, `v1 serves ${requestsPerSecond} requests a second. Releasing v2, which is good:`);
    await story.release("v2");
    await story.until("Healthy", isPromoted);
    story.mark("promoted");
    await story.dwell(dwellMs);
    endLiveLine(cli);
    print(cli, "v2 was promoted. Releasing v3, which fails 20 % of its requests:");
    await story.release("v3");
    const zeroAtMs = await story.until("Degraded", isBackAtZero);
    story.mark("rolled back");
    await story.dwell(dwellMs);
    endLiveLine(cli);
    await load.stop();
    const toMs = cli.clock.now();
    return {
      fromMs,
      toMs,
      zeroAtMs,
      points: story.points,
      marks: story.marks,
      counts: load.counts(),
      failures: load.failures,
      lost: await lostByGateway(dataDir),
    };
  } finally {
    await load.stop();
  }
}

async function demo(call: CommandCall): Promise<number> {
  const { cli } = call;
  const folder = mkdtempSync(path.join(os.tmpdir(), "haldane-demo-"));
  const dataDir = path.join(folder, "data");
  let cluster: LocalCluster | undefined;
  try {
    print(cli, "Starting a cluster of processes on this machine …");
    addMappings(dataDir, [writeReleases(folder)]);
    cluster = await startServing(cli, {
      dataDir,
      baseDir: folder,
      apiPort: undefined,
      logLevel: "info",
    });
    const figures = await play(cluster, dataDir, call);
    const paint = cli.paint(call.options);
    for (const line of demoReport(figures, paint, cli.stdout.columns)) print(cli, line);
    return figures.lost === 0 ? 0 : 1;
  } catch (error) {
    if (!cli.signal.aborted) throw error;
    endLiveLine(cli);
    print(cli, "Stopping the demo's processes …");
    return 130;
  } finally {
    if (cluster)
      await stopServing({ ...cli, stderr: { write: () => undefined } }, cluster, dataDir);
    rmSync(folder, { recursive: true, force: true });
  }
}

export const command: CliCommand = { declare: () => undefined, run: demo };
