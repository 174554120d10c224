import type { Client } from "ssh2";
import type { Operation } from "../../provider.ts";
import type { Inputs, Outputs } from "../../value.ts";
import { connectionOf } from "../ssh/connection.ts";
import { runRemoteCommand } from "../ssh/remoteCommand.ts";
import { isObject } from "../values.ts";
import { failure, lineLogger, type PreviousOutput } from "./commandOutput.ts";
import { connections } from "./connections.ts";

/** SSH servers take no packet above 256 KiB; what is larger is left out. */
const largestVariableBytes = 32_000;

/**
 * Runs a command on the host of the resource's connection.
 * @throws When it cannot be run or does not end with status 0.
 */
export async function runCommandOnHost(
  command: string,
  inputs: Inputs,
  previous: PreviousOutput,
  operation: Operation,
): Promise<Outputs> {
  const connection = connectionOf(inputs.connection as Inputs);
  const asked = isObject(inputs.environment) ? (inputs.environment as Record<string, string>) : {};
  const environment = { ...previousOutputVariables(inputs, previous), ...asked };
  const stdin = inputs.stdin;
  const options = {
    environment,
    signal: operation.signal,
    onLine: lineLogger(inputs, operation),
    ...(typeof stdin === "string" ? { stdin } : {}),
  };
  return connections.with(connection, operation, async (client) => {
    await requireAccepted(client, asked, operation.signal);
    const { exitCode, exitSignal, stdout, stderr } = await runRemoteCommand(
      client,
      command,
      options,
    );
    if (exitCode === 0) return { stdout, stderr };
    const how =
      exitSignal === undefined ? `ended with status ${exitCode}` : `was ended by ${exitSignal}`;
    throw failure(`on ${connection.host} ${how}`, inputs, { stdout, stderr });
  });
}

function previousOutputVariables(inputs: Inputs, previous: PreviousOutput): Record<string, string> {
  if (inputs.addPreviousOutputInEnv === false) return {};
  const variables = {
    PULUMI_COMMAND_STDOUT: previous.stdout,
    PULUMI_COMMAND_STDERR: previous.stderr,
  };
  return Object.fromEntries(
    Object.entries(variables).filter(
      ([, value]) => value !== "" && Buffer.byteLength(value) <= largestVariableBytes,
    ),
  );
}

/** A server drops variables that it does not accept without a word: look before anything runs. */
async function requireAccepted(
  client: Client,
  environment: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const names = Object.keys(environment);
  if (names.length === 0) return;
  const wrong = names.filter((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (wrong.length > 0) throw new Error(`not names of variables: ${wrong.join(", ")}`);
  const probe = names.map((name) => `[ -n "\${${name}+x}" ] || echo ${name}`).join("; ");
  const { stdout } = await runRemoteCommand(client, probe, { environment, signal });
  if (stdout === "") return;
  throw new Error(
    `the host does not accept ${stdout.split("\n").join(", ")} from the environment; ` +
      "the command did not run. Allow them by AcceptEnv in sshd_config, or set them in the command itself",
  );
}
