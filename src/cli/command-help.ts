// What `--help` and docs/cli.md say of each command beyond its arguments and options: what it is for,
// examples as they are typed, and exit codes where they mean more than 0 done, 1 not done.
// Apart from commands/ so that help needs nothing of what a command loads to work.

export interface CommandHelp {
  readonly about: string;
  /** A command line and what it does; "" where the line says it all. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  readonly exitCodes?: Readonly<Record<number, string>>;
}

const help: Readonly<Record<string, CommandHelp>> = {
  up: {
    about:
      "Starts the cluster of this machine: an API server, controllers, a gateway, and pods that are processes. Its data is in " +
      ".haldane of the present directory. In the foreground Ctrl-C stops everything; a second Ctrl-C leaves at once.",
    examples: [
      ["haldane up -f shop.yaml", "start, apply a file, stay in the foreground"],
      [
        "haldane up --detach -f examples/canary",
        "start in the background with a directory's manifests",
      ],
      ["haldane up -f more.yaml", "while it runs: apply more, and learn more images"],
    ],
  },
  down: {
    about:
      "Stops the cluster of this machine with its pods and its gateway, also when its process was killed. Objects are kept: " +
      "the next `haldane up` starts them again. To forget everything, delete the data directory afterwards.",
    examples: [["haldane down", ""]],
  },
  apply: {
    about:
      "Creates or changes objects so that they are as the files say. Nothing is sent if the files have mistakes (see haldane " +
      "lint). Weights and selectors that a rollout drives are left as they are, so applying again never moves traffic.",
    examples: [
      ["haldane apply -f shop.yaml", ""],
      ["haldane apply -f manifests/ -n web", "all files of a directory, into a namespace"],
      ["generate | haldane apply -f -", "from standard input"],
    ],
  },
  delete: {
    about: "Deletes objects by name, or those that files name. What they own goes with them.",
    examples: [
      ["haldane delete rollout shop", ""],
      ["haldane delete service/shop-stable service/shop-canary", ""],
      ["haldane delete -f shop.yaml --ignore-not-found", ""],
    ],
  },
  get: {
    about:
      "Shows one rollout or experiment as a tree with its revisions, pods and analysis runs; any other kind, or no name, as a " +
      "table. KIND may be a plural, singular or short name, several with commas, or KIND/NAME.",
    examples: [
      ["haldane get rollout shop --watch", "the tree, kept up to date until Ctrl-C"],
      ["haldane get pods -o wide", ""],
      ["haldane get rollouts,services -A", "of all namespaces"],
      ["haldane get pods -l app=shop --watch", "a line for each change"],
      ["haldane get rollout shop -o yaml", "the object as it is stored"],
    ],
  },
  list: {
    about:
      "Lists rollouts with their step, weight and replicas, or experiments with their duration.",
    examples: [
      ["haldane list", ""],
      ["haldane list rollouts --watch", "a line for each change"],
      ["haldane list experiments -A", ""],
    ],
  },
  status: {
    about:
      "Waits until a rollout is healthy or degraded and says which: with a live view on a terminal, a line per change elsewhere. " +
      "A pause is waited for, too; use --timeout where nobody promotes.",
    examples: [
      ["haldane status shop --timeout 10m", "for a pipeline: go on when the version is out"],
      ["haldane status shop --no-watch", "only what it is now"],
    ],
    exitCodes: {
      0: "healthy (or --no-watch, and not degraded)",
      1: "degraded or aborted, or an error",
      2: "timed out",
      130: "ended by Ctrl-C",
    },
  },
  promote: {
    about:
      "Lets a rollout go on: past the pause it is in, or past its current step; with --full past everything that is left. " +
      "Where there is nothing to go past it says so; that is an error unless the newest version is fully promoted.",
    examples: [
      ["haldane promote shop", ""],
      ["haldane promote shop --full", "all users get the new version now"],
    ],
  },
  abort: {
    about:
      "Takes the new version back: all traffic to the stable one, and the rollout is degraded until retried or changed. " +
      "Once it is fully promoted there is nothing to abort: use undo.",
    examples: [["haldane abort shop", ""]],
  },
  retry: {
    about: "Starts an aborted rollout's update, or an experiment, again from the beginning.",
    examples: [
      ["haldane retry shop", ""],
      ["haldane retry experiment compare", ""],
    ],
  },
  undo: {
    about:
      "Puts the pod template of an older revision back. It is rolled out like any new version.",
    examples: [
      ["haldane undo shop", "to the revision before"],
      ["haldane undo shop --to-revision 3", "haldane get rollout shows the revisions"],
    ],
  },
  pause: {
    about: "Holds a rollout where it is until promoted, whatever its steps say.",
    examples: [["haldane pause shop", ""]],
  },
  restart: {
    about: "Replaces a rollout's pods by new ones of the same version, a few at a time.",
    examples: [
      ["haldane restart shop", ""],
      ["haldane restart shop --in 10m", ""],
    ],
  },
  "set image": {
    about:
      "Gives containers of a rollout (or of the workload it refers to) a new image, which starts its update.",
    examples: [
      ["haldane set image shop app=shop:v2", "the container app"],
      ["haldane set image shop '*=shop:v2'", "every container"],
    ],
  },
  terminate: {
    about: "Ends analysis runs or experiments that still run.",
    examples: [
      ["haldane terminate analysisrun shop-5d8f9c7b6-2", ""],
      ["haldane terminate experiment compare", ""],
    ],
  },
  lint: {
    about:
      "Checks manifests without a cluster: misspelt fields, wrong types, rules of rollouts and analysis, conditions, references " +
      "among the files, and what this version does not carry out yet. Errors would be refused, warnings are worth a look.",
    examples: [
      ["haldane lint -f shop.yaml", ""],
      ["haldane lint -f manifests/ -o json", "for programs"],
    ],
    exitCodes: { 0: "no errors (there may be warnings and notices)", 1: "errors" },
  },
  simulate: {
    about:
      "Plays rollouts in virtual time against a world that a document of kind Simulation describes, and prints what would happen. " +
      "Without such a document every rollout gets a version that behaves like the old one.",
    examples: [
      ["haldane simulate shop.yaml", ""],
      ["haldane simulate examples/canary examples/canary/simulations/bad.yaml", ""],
    ],
    exitCodes: {
      0: "all healthy at the version asked for",
      1: "degraded or aborted, or an error",
      2: "not settled in time",
    },
  },
  plan: {
    about:
      "Says, before a rollout starts, what its steps will be able to see: which regressions, how soon, how many requests they " +
      "cost, how often a good version would be taken back, and which steps are blind or longer than they need to be.",
    examples: [
      ["haldane plan shop", "by the traffic its last judged run has recorded"],
      [
        "haldane plan -f shop.yaml --requests-per-second 200 --error-rate 0.1%",
        "before it is applied anywhere",
      ],
    ],
  },
  explain: {
    about:
      "Shows why an analysis run says what it says: the figures of both versions, the evidence as it grew, what it had to " +
      "reach, and a sentence for each measurement.",
    examples: [
      ["haldane explain shop", "the run that judges this rollout"],
      ["haldane explain shop-6d4cf56db6-2 -o json", "one run, for a program"],
    ],
  },
  replay: {
    about:
      "Judges what a run has recorded again, by other settings or another judge. With the same settings the answer is the same to the bit.",
    examples: [
      ["haldane replay shop --alpha 0.001", "what a stricter promise would have said, and when"],
      ["haldane replay shop --judge kayenta", "the same counts, judged as Kayenta does"],
    ],
  },
  logs: {
    about:
      "Prints what the containers of a pod wrote, or those of all pods of a rollout, each line with its pod's name.",
    examples: [
      ["haldane logs shop -f", "all pods of the rollout, also those that come later"],
      ["haldane logs shop-5d8f9c7b6-x2x4q --tail 20", ""],
      [
        "haldane logs shop --since 5m --timestamps",
        "what its pods wrote in five minutes, and when",
      ],
      ["haldane logs shop-5d8f9c7b6-x2x4q --previous", "before the last restart"],
    ],
  },
  events: {
    about: "Tells what happened to a rollout and everything below it, oldest first.",
    examples: [
      ["haldane events shop", ""],
      ["haldane events --watch", "of the whole namespace, going on"],
    ],
  },
  demo: {
    about:
      "Starts a cluster of its own on free ports with steady traffic, delivers a good version and a bad one, and tells what " +
      "happened. Takes well under a minute and leaves nothing behind.",
    examples: [["haldane demo", ""]],
    exitCodes: {
      0: "no request was lost",
      1: "a request was lost, or an error",
      130: "ended by Ctrl-C",
    },
  },
  controller: {
    about:
      "Runs the controller of a Kubernetes cluster in the place of Argo Rollouts', with its flags and defaults: one of several " +
      "leads, by the same Lease. SIGTERM ends it in good order and gives the lease back; whoever loses the lease ends at once.",
    examples: [
      ["haldane controller", "in a pod, by its service account"],
      ["haldane controller --kubeconfig admin.kubeconfig --leader-elect=false", "on a laptop"],
      ["haldane controller --namespaced -n web --instance-id blue", "for a part of the rollouts"],
    ],
    exitCodes: { 0: "stopped by a signal", 1: "the lease was lost, or an error" },
  },
  crds: {
    about:
      "Prints the CustomResourceDefinitions of Rollout, Experiment, AnalysisRun, AnalysisTemplate and ClusterAnalysisTemplate. " +
      "They accept every manifest that Argo Rollouts' accept, and stored objects stay as they are.",
    examples: [
      ["haldane crds | kubectl apply --server-side -f -", "install or update all of them"],
      ["haldane crds rollouts -o json", "only one, as JSON"],
    ],
  },
  completion: {
    about: "Prints a script that teaches a shell to complete commands and the names of rollouts.",
    examples: [
      ["source <(haldane completion bash)", "bash, now; put the line into ~/.bashrc to keep it"],
      ["source <(haldane completion zsh)", "zsh"],
      ["haldane completion fish | source", "fish"],
      ["haldane completion powershell | Out-String | Invoke-Expression", "PowerShell"],
    ],
  },
  version: { about: "Prints the version.", examples: [["haldane version", ""]] },
  gateway: { about: "Runs the gateway process; `haldane up` starts it.", examples: [] },
  __complete: { about: "Answers a shell's completion request.", examples: [] },
};

export function helpOf(name: string): CommandHelp {
  return help[name] ?? { about: "", examples: [] };
}
