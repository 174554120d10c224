import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { V1Node } from "@kubernetes/client-node";
import type { PowerStatusConfig } from "../config/schema.ts";
import type { PowerAnswer } from "./decision.ts";

const run = promisify(execFile);
const answerSeconds = 30;

/** Instance and region of a node on EC2; undefined for any other machine. */
export function instanceOf({ spec }: V1Node): { id: string; region: string } | undefined {
  const match = /^aws:\/\/\/([a-z0-9-]+)[a-z]\/(i-[0-9a-f]+)$/.exec(spec?.providerID ?? "");
  const [, region, id] = match ?? [];
  return region === undefined || id === undefined ? undefined : { id, region };
}

/**
 * EC2's own answer, by the AWS CLI. Off is "stopped" or "terminated" alone: an instance that stops may
 * still write. Asked now, since the cloud controller's taint outlives a restart that did not end well.
 * @throws Error when there is no answer: an unknown instance may be one of another account.
 */
export async function askEc2(instance: { id: string; region: string }): Promise<PowerAnswer> {
  const args = ["ec2", "describe-instances", "--region", instance.region];
  const query = ["--query", "Reservations[].Instances[].State.Name", "--output", "text"];
  const said = await answer("aws", [...args, "--instance-ids", instance.id, ...query]);
  return { who: "EC2", said, isOff: said === "stopped" || said === "terminated" };
}

/** The power controller's answer, by the command of the stack file, which runs in the project's folder. */
export async function askController(
  config: PowerStatusConfig,
  machine: { host: string; address: string; stack: string },
  folder: string,
): Promise<PowerAnswer> {
  const fill = (text: string) =>
    text.replace(/\{(host|address|stack)\}/g, (_, key: keyof typeof machine) => machine[key]);
  const [program = "", ...args] = config.command.map(fill);
  const said = await answer(program, args, folder);
  const pattern = fill(config.off);
  const lines = said.split("\n");
  const off = lines.find((line) => new RegExp(pattern).test(line));
  const about = lines.find((line) => line.includes(machine.host) || line.includes(machine.address));
  const line = off ?? about ?? lines[0] ?? "";
  return {
    who: "the power controller",
    said: line === "" ? "nothing" : line,
    isOff: off !== undefined,
  };
}

async function answer(program: string, args: string[], folder?: string): Promise<string> {
  try {
    const { stdout } = await run(program, args, {
      timeout: answerSeconds * 1000,
      ...(folder === undefined ? {} : { cwd: folder }),
    });
    return stdout.trim();
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    const why =
      code === "ENOENT"
        ? "it is not installed"
        : (stderr ?? "").trim().split("\n").at(-1) || (error as Error).message;
    throw new Error(`${program} gave no answer about the machine: ${why}`);
  }
}
