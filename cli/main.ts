import { resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { Command, InvalidArgumentError, Option } from "commander";
import { errorText } from "./errorText.ts";
import { useLabPassphrase } from "./labPassphrase.ts";

/** What every command needs to know about where it runs. */
const root = process.env.QUORUM_ROOT ?? process.cwd();

const program = new Command("quorum")
  .description("Highly available Kubernetes: preview, prove, apply")
  .showHelpAfterError("(quorum --help lists the commands)");

const engineOption = () =>
  new Option(
    "--engine <engine>",
    "which engine runs the stack; default: pulumi where installed",
  ).choices(["embedded", "pulumi"]);

const parallelOption = () =>
  new Option("-p, --parallel <operations>", "resource operations at once")
    .argParser(positiveInteger)
    .default(16);

const stackOption = () => new Option("-s, --stack <stack>", "stack name").makeOptionMandatory();

program
  .command("preview")
  .description("show what `up` would change; needs no cloud account with the embedded engine")
  .addOption(stackOption())
  .addOption(engineOption())
  .addOption(parallelOption())
  .option("-j, --json", "print the shape of `pulumi preview --json`")
  .option("--diff", "show the properties of every change")
  .option("--show-sames", "show unchanged resources too")
  .option(
    "--against <base>",
    "compare with a git revision, a saved preview (--json) or a checkpoint",
  )
  .option("--markdown", "print a comment body for a pull request")
  .option("--fresh", "ignore the saved state: show everything as a creation")
  .option(
    "--from <file>",
    "show a saved preview (--json --show-sames) of either engine; - reads stdin",
  )
  .option("-C, --cwd <folder>", "folder of Pulumi.yaml", root)
  .action(async (options) => {
    const { preview } = await import("./preview.ts");
    await preview(options);
  });

for (const [name, description, load] of [
  ["up", "make the stack what the program asks for", async () => (await import("./up.ts")).up],
  [
    "refresh",
    "bring the saved state in line with what is really there",
    async () => (await import("./refresh.ts")).refresh,
  ],
  ["destroy", "delete all of a stack", async () => (await import("./destroy.ts")).destroy],
] as const) {
  const command = program
    .command(name)
    .description(description)
    .addOption(stackOption())
    .addOption(engineOption())
    .addOption(parallelOption())
    .option("-y, --yes", "do not ask")
    .option("-C, --cwd <folder>", "folder of Pulumi.yaml", root)
    .action(async (options) => (await load())(options));
  if (name !== "refresh")
    command.option("--allow <rules...>", "let what would be refused pass, e.g. data:snapshots");
  if (name === "up")
    command.option("--lost <names...>", "repair: what is lost already; then nothing is refused");
}

const stack = program.command("stack").description("the saved state of a stack");

const stackCommand = (name: string, description: string) =>
  stack
    .command(name)
    .description(description)
    .addOption(stackOption())
    .addOption(engineOption())
    .option("-C, --cwd <folder>", "folder of Pulumi.yaml", root);

stackCommand("export", "print the state as `pulumi stack import` takes it; secrets stay sealed")
  .option("--file <file>", "write here instead")
  .action(async (options) => (await import("./stack.ts")).exportStack(options));

stackCommand("import", "replace the state by an export of either engine")
  .option("--file <file>", "read this instead of standard input")
  .action(async (options) => (await import("./stack.ts")).importStack(options));

stackCommand("output", "print outputs; secrets are masked")
  .argument("[name]", "one output only")
  .option("-j, --json", "as JSON")
  .option("--show-secrets", "in the clear")
  .action(async (name, options) => (await import("./stack.ts")).stackOutput(name, options));

program.enablePositionalOptions();
// The lab's modules are loaded for its own commands and for help only: a preview must start fast.
if (["lab", "help", "--help", "-h", undefined].includes(process.argv[2])) {
  const { labCommand } = await import("./lab.ts");
  program.addCommand(labCommand(root));
}

program
  .command("roll")
  .description(
    "replace machines of platform ec2 that are behind their launch template, one at a time",
  )
  .addOption(stackOption())
  .addOption(
    new Option(
      "--role <role>",
      "only these; default: etcd, then control planes, then workers",
    ).choices(["etcd", "control-plane", "workers"]),
  )
  .option("--dry-run", "say what would be replaced, in which order, and how the cluster is")
  .addOption(
    new Option("--timeout <minutes>", "time that one replacement may take")
      .argParser(positiveInteger)
      .default(30),
  )
  .option("-C, --cwd <folder>", "folder of Pulumi.yaml", root)
  .action(async (options) => {
    const { roll } = await import("./roll.ts");
    await roll(options);
  });

program
  .command("restore")
  .description("put a self-managed cluster back to a snapshot of etcd; carries on after a stop")
  .addOption(stackOption())
  .option(
    "--from <snapshot>",
    "the newest that is kept; hosts: or a file here; ec2: or s3://BUCKET/KEY",
    "latest",
  )
  .option("--list", "list the snapshots that are kept, newest first")
  .option("-y, --yes", "do not ask")
  .option("-C, --cwd <folder>", "folder of Pulumi.yaml", root)
  .action(async (options) => {
    const { restore } = await import("./restore.ts");
    await restore(options);
  });

program
  .command("proof")
  .description("prove from the planned graph which failures the cluster survives")
  .addOption(stackOption())
  .addOption(engineOption())
  .option("--preview <file>", "prove a saved preview (preview --json --show-sames); - reads stdin")
  .option("-j, --json", "print the proof as JSON")
  .option("--markdown", "print a comment body for a pull request")
  .option("--html <file>", "write a page with the picture of the topology")
  .option("--require <claims...>", "claims that must hold, e.g. all etcd-quorum:pair")
  .option("--allow <rules...>", "let a finding about the update pass, e.g. data:snapshots")
  .option("--lost <names...>", "recovery: what is lost already; says what is left to lose")
  .option("--fresh", "ignore the saved state: everything is a creation")
  .option("-C, --cwd <folder>", "folder of Pulumi.yaml", root)
  .action(async (options) => {
    const { proof } = await import("./proof.ts");
    await proof(options);
  });

program
  .command("doctor")
  .description(
    "read the running cluster: what would not survive a zone, a node or a drain, and why",
  )
  .option("-s, --stack <stack>", "stack name; needed for all but --role")
  .addOption(engineOption())
  .option("--kubeconfig <file>", "open the cluster with this; default: the stack's output")
  .option("-j, --json", "print the diagnosis as JSON")
  .option("--markdown", "print a comment body for a pull request")
  .option("--role", "print the ClusterRole that it needs, and do nothing else")
  .option("-C, --cwd <folder>", "folder of Pulumi.yaml", root)
  .action(async (options, command: Command) => {
    if (options.stack === undefined && !options.role)
      command.error("error: required option '-s, --stack <stack>' not specified");
    const { doctor } = await import("./doctor.ts");
    await doctor(options);
  });

program
  .command("fence <node>")
  .description("release the pods and volumes of a machine that is proven to be off")
  .addOption(stackOption())
  .addOption(engineOption())
  .option("--kubeconfig <file>", "open the cluster with this; default: the stack's output")
  .option("--confirm-off", "your word that the machine is off, where nothing else can prove it")
  .option("--undo", "let a machine that came back serve again")
  .option("--no-wait", "do not wait until the pods are released")
  .option("-C, --cwd <folder>", "folder of Pulumi.yaml", root)
  .action(async (node, options) => {
    const { fence } = await import("./fence.ts");
    await fence(node, options);
  });

program
  .command("diagram")
  .description("draw the topology of the planned graph as SVG")
  .addOption(stackOption())
  .addOption(engineOption())
  .option("--preview <file>", "draw a saved preview (preview --json --show-sames)")
  .option("-o, --output <file>", "write here; default: standard output")
  .option("--lost <names...>", "draw these as lost, e.g. etcd-1")
  .option("-C, --cwd <folder>", "folder of Pulumi.yaml", root)
  .action(async (options) => {
    const { diagram } = await import("./diagram.ts");
    await diagram(options);
  });

program
  .command("policy")
  .description("check the planned graph against the rules that every stack keeps")
  .addOption(stackOption())
  .addOption(engineOption())
  .option("--preview <file>", "check a saved preview (preview --json --show-sames)")
  .option("-j, --json", "print the violations as JSON")
  .option("-C, --cwd <folder>", "folder of Pulumi.yaml", root)
  .action(async (options) => {
    const { policy } = await import("./policy.ts");
    await policy(options);
  });

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("expected a whole number above 0.");
  return value;
}

/** A pipeline must tell a verdict (1, 2) from a judgement that could not be made. */
const codeOfNoVerdict: Readonly<Record<string, number>> = { proof: 3, policy: 3 };
let codeOfError = 1;

program.hook("preAction", (_program, command) => {
  codeOfError = codeOfNoVerdict[command.name()] ?? 1;
  const { stack: name, cwd } = command.opts<{ stack?: string; cwd?: string }>();
  const isOurs = cwd !== undefined && resolve(cwd) === resolve(root);
  if (name !== undefined && isOurs) useLabPassphrase(name, process.env);
});

try {
  await program.parseAsync();
} catch (error) {
  const text = errorText(error);
  console.error(process.stderr.isTTY ? text : stripVTControlCharacters(text));
  process.exitCode = codeOfError;
} finally {
  // Open SSH connections and the host of dynamic providers would keep this process alive.
  const { closeProviders } = await import("../engine/embedded/providers/index.ts");
  await closeProviders();
}
