import { randomUUID } from "node:crypto";
import {
  GetCommandInvocationCommand,
  type GetCommandInvocationCommandOutput,
  InvocationDoesNotExist,
  SendCommandCommand,
  type SSMClient,
} from "@aws-sdk/client-ssm";
import { commandLine, type RemoteMachine } from "./remoteMachine.ts";

export interface SsmMachineArgs {
  /** For people. */
  name: string;
  instanceId: string;
  address: string;
  /** Between two looks at a command that runs. Default 2. */
  pollSeconds?: number;
  signal?: AbortSignal;
}

const document = "AWS-RunShellScript";
/** To reach the agent; Systems Manager's minimum. */
const deliverySeconds = 30;
/** A script that says nothing for so long has hung. */
const executionSeconds = 1800;
const ended = new Set(["Success", "Cancelled", "Failed", "TimedOut"]);

/**
 * A machine by Run Command of Systems Manager: no port, no key. Systems Manager keeps commands and
 * answers, so neither may hold a secret; an answer is cut after 24000 letters.
 */
export function overSsm(client: SSMClient, args: SsmMachineArgs): RemoteMachine {
  const { name, instanceId, address, pollSeconds = 2, signal } = args;
  const only = (what: string): never => {
    throw new Error(`${name}: ${what} needs SSH: Systems Manager carries commands only`);
  };
  return {
    name,
    address,
    async run(script, { env, stdin } = {}) {
      if (stdin) only("standard input");
      const sent = await client.send(
        new SendCommandCommand({
          InstanceIds: [instanceId],
          DocumentName: document,
          Comment: `quorum ${randomUUID()}`,
          TimeoutSeconds: deliverySeconds,
          Parameters: {
            commands: [commandLine(script, env ?? {}, false)],
            executionTimeout: [`${executionSeconds}`],
          },
        }),
      );
      const id = sent.Command?.CommandId ?? "";
      for (;;) {
        await pause(pollSeconds, signal);
        const answer = await invocation(client, id, instanceId);
        if (answer === undefined || !ended.has(answer.Status ?? "")) continue;
        if (answer.Status === "Success") return (answer.StandardOutputContent ?? "").trim();
        throw new Error(`${name}: ${reasonOf(answer)}`);
      }
    },
    read: async () => only("a file's content"),
    close() {},
  };
}

/** Undefined while Systems Manager does not know of its own command yet. */
async function invocation(
  client: SSMClient,
  id: string,
  instanceId: string,
): Promise<GetCommandInvocationCommandOutput | undefined> {
  try {
    return await client.send(
      new GetCommandInvocationCommand({ CommandId: id, InstanceId: instanceId }),
    );
  } catch (error) {
    if (error instanceof InvocationDoesNotExist) return undefined;
    throw error;
  }
}

function reasonOf(answer: GetCommandInvocationCommandOutput): string {
  // Run Command adds a line of its own.
  const said = (answer.StandardErrorContent ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("failed to run commands"));
  return said.at(-1) ?? `the command ended with ${answer.StatusDetails ?? answer.Status}`;
}

function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
