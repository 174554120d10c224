import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { kubeconfigText } from "../../cli/clusterAccess.ts";
import { apiClient } from "../../engine/embedded/providers/kubernetes/apiClient.ts";

/** As the EKS package writes one: no key, but a command that gives a token. */
function eksKubeconfig(server: string, cluster: string): string {
  const args = ["--region", "us-west-2", "eks", "get-token", "--cluster-name", cluster];
  const exec = { apiVersion: "client.authentication.k8s.io/v1beta1", command: "aws", args };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    // The server of this test speaks plain HTTP.
    clusters: [{ name: "kubernetes", cluster: { server, "insecure-skip-tls-verify": true } }],
    contexts: [{ name: "aws", context: { cluster: "kubernetes", user: "aws" } }],
    "current-context": "aws",
    users: [{ name: "aws", user: { exec } }],
  });
}

describe("the way into a stack's cluster", () => {
  const { PATH } = process.env;
  let folder: string;
  let server: Server;
  let url: string;
  const seen: (string | undefined)[] = [];

  before(async () => {
    server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end(JSON.stringify({ metadata: { name: "thing" } }));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "quorum-test-"));
    process.env.PATH = `${folder}:${PATH}`;
  });
  afterEach(() => {
    if (PATH !== undefined) process.env.PATH = PATH;
    rmSync(folder, { recursive: true, force: true });
  });

  function command(name: string, prints: object): void {
    const file = path.join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(prints));
    writeFileSync(path.join(folder, name), `#!/bin/sh\ncat ${file}\n`);
    chmodSync(path.join(folder, name), 0o755);
  }

  const prod = () => kubeconfigText({ stack: "prod", engine: "pulumi", cwd: process.cwd() });
  const signal = new AbortController().signal;

  it("is the stack's output, which on EKS asks the AWS CLI for a token", async () => {
    command("pulumi", { kubeconfig: eksKubeconfig(url, "demo") });
    command("aws", {
      apiVersion: "client.authentication.k8s.io/v1beta1",
      kind: "ExecCredential",
      status: { token: "k8s-aws-v1.example" },
    });
    const client = await apiClient({ kubeconfig: await prod() });
    await client.get("/api/v1/nodes/thing", signal);
    assert.deepEqual(seen.splice(0), ["Bearer k8s-aws-v1.example"]);
  });

  it("names the command that fails", async () => {
    command("pulumi", { kubeconfig: eksKubeconfig(url, "other") });
    command("aws", {});
    writeFileSync(path.join(folder, "aws"), "#!/bin/sh\necho 'no credentials' >&2\nexit 253\n");
    const client = await apiClient({ kubeconfig: await prod() });
    await assert.rejects(
      client.get("/api/v1/nodes/thing", signal),
      /the kubeconfig signs in by "aws": .*no credentials/s,
    );
  });

  it("has to be named where the stack has none", async () => {
    command("pulumi", {});
    await assert.rejects(prod(), /stack prod has no output "kubeconfig".*--kubeconfig/s);
  });
});
