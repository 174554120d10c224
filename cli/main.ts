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
