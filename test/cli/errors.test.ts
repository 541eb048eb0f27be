// What goes wrong at people's hands, and what they are told: where, what, what to do, and the code
// under which docs/errors.md explains it.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import Database from "better-sqlite3";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { processStartTime } from "../../src/runtime/process-identity.ts";
import { CliWorld, eventually, releaseOf, takePort } from "./cli-world.ts";

const docs = readFileSync(path.resolve(import.meta.dirname, "../../docs/errors.md"), "utf8");

let world: CliWorld;

beforeEach(() => {
  world = new CliWorld();
});

afterEach(async () => world.remove(), 30_000);

interface Told {
  readonly code: number;
  readonly err: string;
}

/** Ends with exit code 1 and one of the catalogue's errors, which the documents explain. */
async function refuses(
  line: string,
  code: string,
  ...said: readonly (string | RegExp)[]
): Promise<Told> {
  const told = await world.run(line);
  expect(told.code, told.err).toBe(1);
  expect(told.err).toContain(`[${code}]`);
  expect(docs).toContain(`## ${code}\n`);
  for (const text of said) expect(told.err).toMatch(text);
  return told;
}

const rollout = (change: (text: string) => string = (text) => text): string =>
  change(`apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: shop
spec:
  replicas: 1
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: app
          image: dir:./releases/v1
          command: [node, server.mjs]
          ports: [{containerPort: 8080}]
  strategy:
    canary:
      steps:
        - setWeight: 50
        - pause: {}
`);

describe("a manifest with a mistake is refused with file, line and column before anything is sent", () => {
  const mistakes: readonly (readonly [what: string, code: string, said: RegExp, text: string])[] = [
    [
      "no YAML",
      "YAML_SYNTAX",
      /shop\.yaml:8:3: this is not valid YAML/,
      rollout((text) => text.replace("{matchLabels: {app: shop}}", "{matchLabels: {app: shop}")),
    ],
    [
      "a list",
      "MANIFEST_NOT_AN_OBJECT",
      /shop\.yaml:1:1: a document must be an object/,
      "- one\n- two\n",
    ],
    [
      "an unknown kind",
      "KIND_UNKNOWN",
      /shop\.yaml:2:1: there is no kind Rolout.*did you mean Rollout\?/,
      rollout((text) => text.replace("kind: Rollout", "kind: Rolout")),
    ],
    [
      "a misspelt field",
      "FIELD_UNKNOWN",
      /shop\.yaml:6:3: spec\.replcas: unknown field; did you mean replicas\?/,
      rollout((text) => text.replace("replicas:", "replcas:")),
    ],
    [
      "a wrong type",
      "FIELD_WRONG_TYPE",
      /shop\.yaml:6:3: spec\.replicas: must be a whole number, but is "three"/,
      rollout((text) => text.replace("replicas: 1", 'replicas: "three"')),
    ],
    [
      "two strategies",
      "STRATEGY_SEVERAL",
      /shop\.yaml:\d+:\d+: spec\.strategy.*2 strategies are given \(.*canary.*\)/,
      `${rollout()}    blueGreen: {activeService: shop}\n`,
    ],
    [
      "no strategy",
      "STRATEGY_MISSING",
      /shop\.yaml:\d+:\d+: spec\.strategy: no strategy is given/,
      rollout((text) => text.replace(/ {4}canary:[\s\S]*/, "    {}\n")),
    ],
    [
      "a pause written short",
      "PAUSE_INVALID",
      /steps\[1\]\.pause: must be an object, but is "5m"; write `pause: \{\}`/,
      rollout((text) => text.replace("pause: {}", "pause: 5m")),
    ],
  ];

  it.each(mistakes)("%s: %s", async (_what, code, said, text) => {
    world.file("shop.yaml", text);
    const { err } = await refuses("apply -f shop.yaml", code, said);
    // Nobody listens there: it was refused before any server was asked.
    expect(err).not.toContain("KUBECONFIG");
    await refuses("up -f shop.yaml", code, said);
    expect(existsSync(path.join(world.folder, ".haldane"))).toBe(false);
  });

  it("lint says the same, sorted by place, and counts; -o json is for programs", async () => {
    world.file(
      "shop.yaml",
      rollout((text) =>
        text
          .replace("replicas: 1", "replcas: 1")
          .replace(
            "strategy:\n    canary:",
            "strategy:\n    canary:\n      canaryService: nowhere\n      stableService: shop",
          ),
      ),
    );
    const { code, out } = await world.run("lint -f shop.yaml");
    expect(code).toBe(1);
    const lines = out.trim().split("\n");
    expect(lines[0]).toMatch(
      /^shop\.yaml:6:3: error: spec\.replcas: unknown field; did you mean replicas\?$/,
    );
    expect(out).toMatch(
      /^shop\.yaml:\d+:\d+: warning: spec\.strategy\.canary\.canaryService: there is no Service "nowhere"/m,
    );
    expect(lines.at(-1)).toMatch(/^1 error, 2 warnings/);
    const found = JSON.parse((await world.run("lint -o json shop.yaml")).out);
    expect(found[0]).toMatchObject({
      level: "error",
      code: "FIELD_UNKNOWN",
      position: { line: 6, column: 3 },
      field: "spec.replcas",
    });
    expect(
      await world.run("lint -f shop.yaml --no-color", { terminal: { columns: 80, rows: 24 } }),
    ).toMatchObject({ code: 1, out });
  });

  it("a mistake in our own documents has a place, too", async () => {
    world.file("images.yaml", "apiVersion: haldane.dev/v1alpha1\nkind: LocalCluster\nimage: {}\n");
    expect((await world.run("lint images.yaml")).out).toMatch(
      /^images\.yaml:3:1: error: image: unknown field; did you mean images\?/,
    );
    await refuses("up -f images.yaml", "FIELD_UNKNOWN", /images\.yaml:3:1/);
  });

  it("what is not carried out yet is a notice, and no reason to refuse", async () => {
    world.file(
      "shop.yaml",
      rollout((text) => text.replace("- pause: {}", "- plugin: {name: a/b}")),
    );
    const { code, out } = await world.run("lint shop.yaml");
    expect(code).toBe(0);
    expect(out).toMatch(
      /notice: .*not carried out yet: spec\.strategy\.canary\.steps\[1\]\.plugin/,
    );
  });
});

describe("files and words", () => {
  it("a file that is not there, a directory without manifests", async () => {
    await refuses("apply -f nope.yaml", "FILE_UNREADABLE", /nope\.yaml: the file cannot be read/);
    mkdirSync(path.join(world.folder, "empty"));
    await refuses("apply -f empty", "NO_MANIFESTS", /name a \.yaml, \.yml or \.json file/);
  });

  it.each([
    ["frobnicate", "unknown command 'frobnicate'"],
    ["promot shop", "(Did you mean promote?)"],
    ["set imgae shop app=x", "(Did you mean image?)"],
    ["list --namspace x", "(Did you mean --namespace?)"],
    ["promote", "missing required argument 'name'\nSee: haldane promote --help"],
    ["promote one two", "too many arguments"],
    ["apply", "required option '-f, --filename <file...>' not specified"],
    ["get", "missing required argument 'kind'"],
  ])("haldane %s", async (line, said) => {
    const { code, out, err } = await world.run(line);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/^Error: /);
    expect(err).toContain(said);
  });

  it.each([
    ["get rollot", /"rollot" is not a kind .*did you mean rollout\?/],
    ["get rollouts -o yml", /-o yml is not known; use tree, wide, json, yaml, name/],
    ["get ro,svc shop", /several kinds cannot have names; write KIND\/NAME for each/],
    ["set image shop app", /write CONTAINER=IMAGE/],
    ["undo shop --to-revision last", /--to-revision last: use a whole number/],
    ["restart shop --in soon", /--in soon: .*write it as 90s, 5m or 1h30m/],
    ["list pods", /cannot list "pods"; use rollouts or experiments, or haldane get pods/],
    ["terminate rollout shop", /cannot terminate "rollout"; use analysisrun or experiment/],
    ["completion tcsh", /"tcsh" is not a shell/],
    ["lint", /say which files to check/],
    ["up --api-port many", /--api-port many: use a port from 0/],
    ["up --log-level loud", /--log-level loud: use debug, info, warn, error/],
  ])("haldane %s", async (line, said) => {
    world.file(".haldane/kubeconfig", kubeconfigFor("https://127.0.0.1:1"));
    await refuses(line, "USAGE", said, /see `haldane \w+(?: image)? --help`/);
  });
});

function kubeconfigFor(server: string): string {
  return JSON.stringify({
    "current-context": "here",
    contexts: [{ name: "here", context: { cluster: "here", user: "me" } }],
    clusters: [{ name: "here", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: "me", user: { token: "wrong" } }],
  });
}

describe("no cluster", () => {
  it("none anywhere", async () => {
    await refuses("list --kubeconfig nope", "KUBECONFIG_UNREADABLE", /nope/);
    world.file("bad", ":\n  - {");
    await refuses("list --kubeconfig bad", "KUBECONFIG_UNREADABLE", /bad/);
    world.file("good", kubeconfigFor("https://127.0.0.1:1"));
    await refuses(
      "list --kubeconfig good --context there",
      "KUBECONFIG_UNREADABLE",
      /context "there" is not in/,
    );
    await refuses("down", "NOT_RUNNING", /start one with `haldane up`/);
  });

  it("nobody answers", async () => {
    world.file(".haldane/kubeconfig", kubeconfigFor("https://127.0.0.1:1"));
    for (const line of ["list", "status shop", "get rollout shop --watch", "apply -f shop.yaml"]) {
      world.file("shop.yaml", rollout());
      await refuses(
        line,
        "API_SERVER_UNREACHABLE",
        /https:\/\/127\.0\.0\.1:1 .*nothing listens there/,
        /haldane up/,
      );
    }
  });
});

/** Ends by itself, or is stopped and fails the test: a cluster that should not have started. */
async function refusesToStart(
  line: string,
  code: string,
  ...said: readonly RegExp[]
): Promise<void> {
  await refuses(line, code, ...said);
  await refuses(`${line} --detach`, code, ...said);
}

describe(
  "a cluster that cannot start says why, in the foreground and behind",
  { timeout: 30_000 },
  () => {
    it("its port is in use", async () => {
      const taken = await takePort();
      await refusesToStart(
        `up --api-port ${taken.port}`,
        "PORT_IN_USE",
        new RegExp(`127\\.0\\.0\\.1:${taken.port}: the port is in use`),
        /--api-port|--port/,
      );
      await taken.release();
    });

    it("its data directory is in use; and its clients learn when it is gone", async () => {
      const up = world.start("up");
      await up.until(/is up at/);
      await refusesToStart("up", "DATA_DIRECTORY_IN_USE", /haldane down/);
      await refuses("apply -f nope.yaml", "FILE_UNREADABLE");
      const kubeconfig = path.join(world.folder, ".haldane/kubeconfig");
      const file = world.file(
        "stranger",
        readFileSync(kubeconfig, "utf8").replace(/token: .*/, "token: wrong"),
      );
      await refuses(`list --kubeconfig ${file}`, "API_SERVER_REFUSED");
      expect((await up.stop()).code).toBe(0);
      await refuses("list", "API_SERVER_UNREACHABLE");
      expect((await world.run("down")).out).toContain("was stopped already");
    });

    it("its database is damaged", async () => {
      world.file(
        ".haldane/objects.db",
        "this is no database, and it is long enough to be looked at".repeat(100),
      );
      await refusesToStart(
        "up",
        "DATABASE_CORRUPT",
        /objects\.db: the database is damaged/,
        /move the data directory away/,
      );
    });

    it("its database is of a newer version", async () => {
      const up = world.start("up");
      await up.until(/is up at/);
      await up.stop();
      const database = new Database(path.join(world.folder, ".haldane/objects.db"));
      database.pragma("user_version = 999");
      database.close();
      await refusesToStart("up", "DATA_NEWER_VERSION", /version 999/);
    });

    it("its data directory is a file", async () => {
      world.file(".haldane", "");
      await refusesToStart(
        "up",
        "DATA_DIRECTORY_UNUSABLE",
        /\.haldane: the data directory cannot be used: it is a file, not a directory/,
      );
      await refusesToStart("up --data .haldane/below", "DATA_DIRECTORY_UNUSABLE", /is a file/);
    });

    it("its mapping of images is damaged", async () => {
      const cluster = "apiVersion: haldane.dev/v1alpha1\nkind: LocalCluster\nimages: {a: ./a}\n";
      world.file("cluster.yaml", cluster);
      for (const text of ["{", "[]", '{"images": 3}', '{"images": {"a": 3}}']) {
        world.file(".haldane/images.json", text);
        await refusesToStart("up", "IMAGES_FILE_DAMAGED", /images\.json: the mapping of images/);
      }
      await refusesToStart("up -f cluster.yaml", "IMAGES_FILE_DAMAGED", /delete it/);
    });

    // Root may write anywhere but on a file system that nobody may write on.
    const readOnly =
      process.getuid?.() === 0
        ? smallDisk("ro")
        : mkdtempSync(path.join(tmpdir(), "haldane-disk-"));
    it.skipIf(readOnly === undefined)("its data directory is read-only", async () => {
      if (process.getuid?.() !== 0) chmodSync(readOnly ?? "", 0o500);
      await refusesToStart(
        `up --data ${readOnly}`,
        "DATA_DIRECTORY_UNUSABLE",
        /read-only|permission denied/i,
        /a directory this user may write to/,
      );
    });

    const disk = smallDisk("size=4m");
    it.skipIf(disk === undefined)("its disk is full", async () => {
      world.file("filler.yaml", configMap("filler", 60_000));
      writeFileSync(path.join(disk ?? "", "ballast"), Buffer.alloc(3_000_000));
      const up = world.start(`up --data ${disk}`);
      await up.until(/is up at/);
      let told = "";
      for (let n = 0; n < 60 && told === ""; n += 1) {
        world.file("filler.yaml", configMap(`filler-${n}`, 60_000));
        told = (await world.run(`apply -f filler.yaml --data ${disk}`)).err;
      }
      expect(told).toMatch(/the disk is full, nothing more can be written/);
      expect(docs).toContain("## DISK_FULL\n");
      // What was confirmed is kept, and reading goes on.
      expect(await world.ok(`get cm filler-0 --data ${disk} -o name`)).toBe("configmap/filler-0\n");
      writeFileSync(path.join(disk ?? "", "ballast"), "");
      await up.stop();
    });
    afterAll(() => {
      for (const folder of [disk, readOnly]) {
        if (folder === undefined) continue;
        // Lazily: this process still holds the log file that a stopped cluster wrote there.
        if (process.getuid?.() === 0) spawnSync("umount", ["--lazy", folder]);
        else if (existsSync(folder)) chmodSync(folder, 0o700);
        rmSync(folder, { recursive: true, force: true });
      }
    });
  },
);

function configMap(name: string, bytes: number): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name },
    data: { text: "x".repeat(bytes) },
  });
}

/** A file system of its own where the machine lets us have one; its reason for the skip is printed. */
function smallDisk(option: string): string | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), "haldane-disk-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", option, "tmpfs", folder], {
    encoding: "utf8",
  });
  if (mounted.status === 0) return folder;
  console.warn(
    `skipped: a test needs a file system (${option}) that cannot be mounted here: ${mounted.stderr.trim()}`,
  );
  return undefined;
}

describe("signals", { timeout: 40_000 }, () => {
  it("Ctrl-C stops a cluster in good order; one that was killed is taken over by down, or by the next up", async () => {
    world.file("releases/v1/server.mjs", releaseOf("v1"));
    world.file("shop.yaml", rollout());
    await world.ok("up --detach -f shop.yaml");
    await world.ok("status shop --timeout 20s");
    const podPid = async (): Promise<string> => world.ok("get pods -o name");
    const before = await podPid();
    const { pid } = JSON.parse(
      readFileSync(path.join(world.folder, ".haldane/cluster.json"), "utf8"),
    ) as { pid: number };
    process.kill(pid, "SIGKILL");
    await eventually(
      async () => processStartTime(pid),
      (startTime) => startTime === undefined,
    );
    const up = world.start("up");
    await up.until(/is up at/);
    expect(await podPid()).toBe(before);
    expect((await up.stop()).code).toBe(0);
    expect(up.printed()).toContain("stopping: 1 pod left");

    const child = world.spawn("up");
    const exited = new Promise<number | null>((resolve) => void child.once("exit", resolve));
    await new Promise<void>(
      (resolve) =>
        void child.stdout?.on("data", (chunk) => String(chunk).includes("is up at") && resolve()),
    );
    await world.ok("status shop --timeout 20s");
    child.kill("SIGKILL");
    await exited;
    expect(await world.ok("down")).toContain("is stopped");
    expect(await world.ok("down")).toContain("was stopped already");
  });

  it("a reader that goes away (up | head) stops a cluster in good order, too", async () => {
    world.file("releases/v1/server.mjs", releaseOf("v1"));
    world.file("shop.yaml", rollout());
    const child = world.spawn("up -f shop.yaml");
    const exited = new Promise<number | null>((resolve) => void child.once("exit", resolve));
    child.stdout?.destroy();
    expect(await exited).toBe(0);
    expect(await world.ok("down")).toContain("was stopped already");
  });

  it("a second Ctrl-C leaves at once, and says what is left to do", async () => {
    world.file(
      "releases/v1/server.mjs",
      'process.on("SIGTERM", () => undefined); (await import("node:http")).createServer().listen(process.env.PORT);',
    );
    world.file(
      "shop.yaml",
      rollout((text) =>
        text.replace("    spec:\n", "    spec:\n      terminationGracePeriodSeconds: 20\n"),
      ),
    );
    const child = world.spawn("up -f shop.yaml");
    let printed = "";
    const heard = (text: string): Promise<void> =>
      new Promise((resolve) => {
        const check = (): void => {
          if (printed.includes(text)) resolve();
        };
        for (const stream of [child.stdout, child.stderr]) stream?.on("data", check);
        check();
      });
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk) => (printed += String(chunk)));
    const exited = new Promise<number | null>((resolve) => void child.once("exit", resolve));
    await heard("shop created");
    await world.ok("status shop --timeout 20s");
    child.kill("SIGINT");
    await heard("stopping: 1 pod left");
    child.kill("SIGINT");
    expect(await exited).toBe(130);
    expect(printed).toContain("stopped by: haldane down");
    const pod = (await world.run("get pods")).err;
    expect(pod).toContain("[API_SERVER_UNREACHABLE]");
  });
});
