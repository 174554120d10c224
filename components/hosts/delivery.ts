import { createHash } from "node:crypto";
import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { SshConfig } from "../../config/schema.ts";
import { type Templates, text } from "../../design/render/template.ts";

/** How the engine reaches one host. */
export function connectionTo(
  address: string,
  ssh: SshConfig,
  privateKey: pulumi.Input<string>,
): command.types.input.remote.ConnectionArgs {
  return {
    host: address,
    user: ssh.user,
    port: ssh.port,
    privateKey: pulumi.secret(privateKey),
    // A host that does not answer is told about soon, together with what is wrong with the others.
    perDialTimeout: 10,
    dialErrorLimit: 3,
  };
}

/** A script of templates/node/ as one remote command line. */
export function remoteScript(templates: Templates, name: string, user: string): string {
  const script = text(templates, `node/${name}.sh`);
  return user === "root" ? script : `sudo -n sh -c '${script.replaceAll("'", `'\\''`)}'`;
}

/** Key material as templates/node/writeSecrets.sh reads it: by line counts, so any text will do. */
export function secretsText(secrets: Readonly<Record<string, string>>): string {
  const parts = Object.entries(secrets)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => {
      const lines = value.replace(/\n$/, "").split("\n");
      return `secret ${name} ${lines.length}\n${lines.join("\n")}\n`;
    });
  return `${parts.join("")}end\n`;
}

/** Name of a bundle on its machine. */
export function bundleDigest(bundle: string): string {
  return createHash("sha256").update(bundle).digest("hex");
}
