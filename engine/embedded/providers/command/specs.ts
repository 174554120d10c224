import type { InputSpecs } from "../inputSpec.ts";
import { connectionSpecs } from "../ssh/connection.ts";

const connection = {
  kind: "object",
  fields: connectionSpecs,
  required: true,
  secret: true,
} as const;

const shared: InputSpecs = {
  addPreviousOutputInEnv: { kind: "boolean" },
  create: { kind: "string", secret: true },
  delete: { kind: "string", secret: true },
  environment: { kind: "stringMap", secret: true },
  logging: { kind: "string", oneOf: ["stdout", "stderr", "stdoutAndStderr", "none"] },
  stdin: { kind: "string", secret: true },
  triggers: { kind: "list" },
  update: { kind: "string", secret: true },
};

const specs: Readonly<Record<string, InputSpecs>> = {
  "command:remote:Command": { ...shared, connection },
  "command:remote:CopyToRemote": {
    connection,
    remotePath: { kind: "string", required: true },
    source: { kind: "asset", required: true },
    triggers: { kind: "list" },
  },
  "command:remote:CopyFile": {
    connection,
    localPath: { kind: "string", required: true },
    remotePath: { kind: "string", required: true },
    triggers: { kind: "list" },
  },
  "command:local:Command": {
    ...shared,
    archivePaths: { kind: "strings" },
    assetPaths: { kind: "strings" },
    dir: { kind: "string" },
    interpreter: { kind: "strings" },
  },
};

/** Inputs of a kind of @pulumi/command. */
export function commandSpecs(type: string): InputSpecs {
  return specs[type] ?? {};
}
