import { Command, Option } from "commander";

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
  .option("-C, --cwd <folder>", "folder of Pulumi.yaml", root)
  .action(async (options) => {
    const { preview } = await import("./preview.ts");
    await preview(options);
  });

program.enablePositionalOptions();
// The lab's modules are loaded for its own commands and for help only: a preview must start fast.
if (["lab", "help", "--help", "-h", undefined].includes(process.argv[2])) {
  const { labCommand } = await import("./lab.ts");
  program.addCommand(labCommand(root));
}

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

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error("expected a whole number above 0");
  return value;
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
