import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Command, Option } from "commander";
import { stateFile } from "../engine/embedded/stateStore.ts";
import { loadProject } from "../engine/project.ts";
import { describeCluster, summary, writeKubeconfig } from "../lab/cluster.ts";
import {
  bringMachinesUp,
  checkStack,
  describeMachines,
  kubectlPath,
  type LabOptions,
  machineLogs,
  provision,
  sshArguments,
} from "../lab/lab.ts";
import { Lab, takeDown } from "../lab/machines.ts";
import { Progress } from "../lab/progress.ts";
import { namesOfLabs, stackName, writeNewLab } from "../lab/stackFile.ts";

interface StackOption {
  stack: string;
}

interface UpOptions extends StackOption {
  machinesOnly?: true;
  download?: true;
  mirror?: string;
}

/** `quorum lab …`: machines on this computer, and the cluster of a `hosts` stack on them. */
export function labCommand(projectDir: string): Command {
  const lab = new Command("lab").description(
    "a whole cluster on this computer: machines with systemd and SSH, provisioned as any others",
  );
  lab.enablePositionalOptions();
  lifeCommands(lab, projectDir);
  machineCommands(lab);
  return lab;
}

const stack = () =>
  new Option("-s, --stack <stack>", "stack name, or path of a stack file").default("lab");

/** new, up, heal, down. */
function lifeCommands(lab: Command, projectDir: string): void {
  lab
    .command("up")
    .description("bring up the machines of the stack and its cluster; carries on after a stop")
    .addOption(stack())
    .option("--machines-only", "boot the machines, provision nothing")
    .option("--download", "official releases instead of builds from Go modules")
    .option("--mirror <url>", "base URL that stands for the release hosts")
    .action((options: UpOptions) => up(options, projectDir));
  lab
    .command("down")
    .description("remove the machines and everything that was made for them")
    .addOption(stack())
    .action((options: StackOption) => down(stackName(options.stack), projectDir));
  lab
    .command("heal")
    .description(
      "take away what a fault left whose runner was killed: cuts, frozen and stalled parts",
    )
    .addOption(stack())
    .action(async (options: StackOption) => {
      const { healLab } = await import("../lab/faults/heal.ts");
      const machines = Lab.open(stackName(options.stack));
      for (const line of await healLab(machines)) console.log(line);
      const off = machines.names.filter((name) => !machines.machine(name).isOn());
      if (off.length > 0) console.log(`off: ${off.join(", ")}; \`quorum lab up\` boots them`);
    });
  lab
    .command("new <name>")
    .description("write the stack file of another lab, with addresses of its own")
    .option("--subnet <number>", "third part of 198.18.N.0/24; default: the first free one")
    .option("--file <path>", "where to write; default: Pulumi.<name>.yaml")
    .action((name: string, options: { subnet?: string; file?: string }) => {
      const file = writeNewLab(name, projectDir, {
        ...(options.subnet === undefined ? {} : { subnetNumber: Number(options.subnet) }),
        ...(options.file === undefined ? {} : { file: options.file }),
      });
      console.log(`${file} written; next: quorum lab up --stack ${options.file ?? name}`);
    });
}

/** What looks at a lab that stands. */
function machineCommands(lab: Command): void {
  lab
    .command("status")
    .description("machines of one lab, or the names of all")
    .option("-s, --stack <stack>", "stack name")
    .action((options: { stack?: string }) => status(options.stack));
  lab
    .command("ssh <machine> [command...]")
    .description("open a shell on a machine, or run one command there")
    .addOption(stack())
    .passThroughOptions()
    .action((machine: string, command: string[], options: StackOption) => {
      if (command[0] === "--stack" || command[0] === "-s")
        throw new Error(`${command[0]} goes before the machine: all after it is run there`);
      const args = [...sshArguments(Lab.open(stackName(options.stack)), machine), ...command];
      process.exitCode = spawnSync("ssh", args, { stdio: "inherit" }).status ?? 1;
    });
  lab
    .command("kubeconfig")
    .description("write the administrator's kubeconfig and print where it is")
    .addOption(stack())
    .action(async (options: StackOption) => {
      console.log(await writeKubeconfig(Lab.open(stackName(options.stack))));
    });
  lab
    .command("logs <machine> [unit]")
    .description("journal of a machine, also of one that is off")
    .addOption(stack())
    .option("-n, --lines <lines>", "how many lines", "200")
    .action(
      async (
        machine: string,
        unit: string | undefined,
        options: StackOption & { lines: string },
      ) => {
        const which = { lines: Number(options.lines), ...(unit === undefined ? {} : { unit }) };
        console.log(await machineLogs(Lab.open(stackName(options.stack)), machine, which));
      },
    );
}

async function up(options: UpOptions, projectDir: string): Promise<void> {
  const labOptions: LabOptions = {
    stack: options.stack,
    projectDir,
    ...(options.download === undefined ? {} : { preferDownload: true }),
    ...(options.mirror === undefined ? {} : { mirror: options.mirror }),
  };
  const progress = new Progress();
  if (options.machinesOnly === undefined) checkStack(labOptions);
  const lab = await bringMachinesUp(labOptions, progress);
  if (options.machinesOnly === undefined) {
    await provision(labOptions, lab, progress);
    for (const line of await summary(lab, await kubectlPath(labOptions))) console.log(line);
  } else {
    for (const line of describeMachines(lab)) console.log(line);
  }
}

async function down(name: string, projectDir: string): Promise<void> {
  await takeDown(name);
  // What the engine knows of the stack are machines that are gone.
  const { name: project } = await loadProject(projectDir);
  const file = stateFile(process.env, project, name);
  if (existsSync(dirname(file))) {
    for (const entry of readdirSync(dirname(file))) {
      if (entry.startsWith(basename(file))) rmSync(join(dirname(file), entry), { recursive: true });
    }
  }
  console.log(`lab ${name}: gone`);
}

async function status(stack: string | undefined): Promise<void> {
  if (stack === undefined) {
    const names = namesOfLabs();
    console.log(names.length === 0 ? "no lab on this computer" : names.join("\n"));
    return;
  }
  const name = stackName(stack);
  if (!namesOfLabs().includes(name)) {
    console.log(`lab "${name}" is not there: \`quorum lab up --stack ${name}\` makes it`);
    return;
  }
  const lab = Lab.open(name);
  for (const line of describeMachines(lab)) console.log(line);
  for (const line of await describeCluster(lab)) console.log(line);
}
